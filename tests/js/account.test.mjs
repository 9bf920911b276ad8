import assert from "node:assert/strict";
import { test } from "node:test";
import { entry, newDisk, openTab, ours } from "./engine.mjs";

const page = (url) => ({ url, etag: "00000001", title: url, html: "<main></main>", as_of: "" });
/** A server at which `session()` is logged in. */
const server = (session, more = {}) => (url) => {
  if (url === "/shell") return ours("<html><!--main--></html>", { headers: { Account: session(), Shell: "5e11" } });
  if (url === "/logout") return more.logout ? more.logout() : ours("<html></html>", { headers: { Account: "" } });
  return new Response("", { status: 502 });
};

test("a visitor's outbox has an id of its own, for good", async () => {
  const disk = newDisk();
  const id = await openTab({ disk }).huiyou.account.visitor();
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  assert.equal(await openTab({ disk }).huiyou.account.visitor(), id);
});

test("on the first visit the page leaves the shell to the worker, which fetches it once", async () => {
  const tab = openTab({ answer: server(() => "") });
  await tab.huiyou.account.adopt("");
  assert.equal(tab.sent.filter(({ url }) => url === "/shell").length, 0);
});

test("a worker on a phone that knows nobody yet takes shell and account from one answer", async () => {
  const worker = openTab({ answer: server(() => "anna") });
  assert.equal(await worker.huiyou.pages.renewShell(await worker.huiyou.store.get("account")), true);
  assert.equal(await worker.huiyou.store.get("account"), "anna");
  assert.ok(await worker.huiyou.pages.shell("anna"));
  assert.equal(worker.sent.length, 1);
});

test("who logs in takes the phone over: the pages of the one before are gone", async () => {
  const disk = newDisk();
  const tab = openTab({ disk, account: "anna", answer: server(() => "anna") });
  await tab.huiyou.account.adopt("anna");
  await tab.huiyou.pages.put(page("/me"), "anna");
  await openTab({ disk, account: "berta", answer: server(() => "berta") }).huiyou.account.adopt("berta");
  assert.deepEqual(await disk.caches.keys(), ["pages-berta"]);
  assert.equal(disk.local.get("account"), "berta");
});

test("a page that is left while its person takes the phone over leaves it unsettled until it is theirs", async () => {
  const disk = newDisk();
  await openTab({ disk, answer: server(() => "") }).huiyou.account.adopt("");
  const { huiyou } = openTab({ disk, account: "anna", answer: server(() => "anna") });
  await huiyou.store.set("unsettled", true);
  const { remove } = huiyou.store;
  const whose = [];
  huiyou.store.remove = async (name, key) => {
    if (key === "unsettled") whose.push(await huiyou.store.get("account"));
    return remove(name, key);
  };
  await huiyou.account.adopt("anna");
  assert.deepEqual(whose, ["anna"]);
});

test("a session that ended leaves the pages, and asks to log in", async () => {
  const disk = newDisk();
  const tab = openTab({ disk, account: "anna", answer: server(() => "anna") });
  await tab.huiyou.account.adopt("anna");
  await tab.huiyou.pages.put(page("/me"), "anna");
  const heard = [];
  tab.huiyou.on("connection", ({ state }) => heard.push(state));
  await tab.huiyou.account.adopt("");
  assert.deepEqual(heard, ["login"]);
  assert.ok(await tab.huiyou.pages.read("/me"));
});

test("the same account that logs in again lets its held entries go", async () => {
  const tab = openTab({ account: "anna", answer: server(() => "anna") });
  await tab.huiyou.account.adopt("anna");
  const { op_id } = await tab.huiyou.outbox.add(entry());
  await tab.huiyou.outbox.hold("anna");
  await tab.huiyou.account.adopt("anna");
  assert.equal((await tab.huiyou.outbox.get(op_id)).state, "pending");
});

test("who leaves without a connection leaves nothing that opens, and a tombstone until the server has heard it", async () => {
  const disk = newDisk();
  let online = false;
  const tab = openTab({ disk, account: "anna", answer: (url) => { if (!online && url === "/logout") throw new TypeError(); return server(() => online ? "" : "anna")(url); } });
  await tab.huiyou.account.adopt("anna");
  await tab.huiyou.pages.put(page("/me"), "anna");
  await tab.huiyou.outbox.add(entry());
  assert.equal(await tab.huiyou.account.leave({ keep: true }), false);
  assert.equal(await tab.huiyou.store.get("tombstone"), true);
  assert.deepEqual((await disk.caches.keys()).filter((name) => name.includes("anna")), []);
  assert.equal((await tab.huiyou.outbox.list("anna")).length, 1);
  online = true;
  assert.equal(await tab.huiyou.account.bury(), true);
  assert.equal(await tab.huiyou.store.get("tombstone"), undefined);
});

test("a portal does not end a session", async () => {
  const tab = openTab({ account: "anna", answer: server(() => "anna", { logout: () => new Response("<html>hotel</html>") }) });
  await tab.huiyou.account.adopt("anna");
  assert.equal(await tab.huiyou.account.leave(), false);
  assert.equal(await tab.huiyou.store.get("tombstone"), true);
});

test("a page that arrives after its person has left is not kept", async () => {
  const tab = openTab({ account: "anna", answer: server(() => "anna") });
  await tab.huiyou.account.adopt("anna");
  await tab.huiyou.account.leave();
  await tab.huiyou.pages.put(page("/me"), "anna");
  assert.ok(!(await tab.caches.keys()).includes("pages-anna"));
});

test("a session that was taken away elsewhere takes the pages with it at the next contact; what waits is kept unseen", async () => {
  const disk = newDisk();
  let ended = false;
  const gone = () => ours("{}", { headers: { Account: "", Session: "ended" } });
  const tab = openTab({ disk, account: "anna", answer: (url) => ended && url !== "/logout" ? gone() : server(() => ended ? "" : "anna")(url) });
  await tab.huiyou.account.adopt("anna");
  await tab.huiyou.pages.put(page("/me"), "anna");
  await tab.huiyou.outbox.add(entry());
  const heard = [];
  tab.huiyou.on("ended", () => heard.push("ended"));
  ended = true;
  await tab.huiyou.call("/sync", { have: [], ops: [] });
  assert.deepEqual((await disk.caches.keys()).filter((name) => name.includes("anna")), []);
  assert.equal(await tab.huiyou.store.get("account"), "");
  assert.equal((await tab.huiyou.outbox.list("anna")).length, 1);
  assert.deepEqual(heard, ["ended"]);
});

test("a portal that says so ends no session", async () => {
  let portal = false;
  const tab = openTab({ account: "anna", answer: (url) => portal ? new Response("", { headers: { Session: "ended" } }) : server(() => "anna")(url) });
  await tab.huiyou.account.adopt("anna");
  portal = true;
  await tab.huiyou.call("/sync", { have: [], ops: [] });
  assert.equal(await tab.huiyou.store.get("account"), "anna");
});
