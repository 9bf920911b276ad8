import assert from "node:assert/strict";
import { test } from "node:test";
import { entry, openTab, ours } from "./engine.mjs";

const HEAD = { shell: "5e11", account: "anna", generation: "g1", counts: { unread: 3 } };
const page = (url, etag) => ({ url, etag, title: url, html: `<main data-title="${url}"></main>`, as_of: "2026-11-21T02:00:00Z" });
const END = { end: true, pages: 1 };

async function phone(lines, { whole = true } = {}) {
  const tab = openTab({
    account: "anna",
    answer: (url) => {
      if (url === "/shell") return ours("<html><!--main--></html>", { headers: { Account: "anna", Shell: "5e11", "Content-Type": "text/html" } });
      if (url !== "/sync") return ours({ ops: [] });
      const text = lines().map((line) => JSON.stringify(line)).join("\n") + (whole ? "\n" : "");
      return ours(text, { headers: { "Content-Type": "application/x-ndjson" } });
    },
  });
  await tab.huiyou.store.set("account", "anna");
  tab.has = async () => Object.fromEntries((await tab.huiyou.pages.list()).map(({ url, etag }) => [url, etag]));
  tab.asked = () => tab.sent.filter((request) => request.url === "/sync").map((request) => request.body);
  return tab;
}

test("what is missing is kept, and named in the next request", async () => {
  const tab = await phone(() => [HEAD, page("/", "00000001"), page("/needs", "00000002"), END]);
  assert.equal(await tab.huiyou.sync.run({ force: true }), "synced");
  assert.deepEqual(await tab.has(), { "/": "00000001", "/needs": "00000002" });
  await tab.huiyou.sync.run({ force: true });
  assert.deepEqual(tab.asked()[1].have.sort(), ["00000001", "00000002"]);
  assert.deepEqual({ ...await tab.huiyou.store.get("counts") }, { unread: 3 });
});

test("within five minutes nothing is asked again", async () => {
  const tab = await phone(() => [HEAD, END]);
  await tab.huiyou.sync.run();
  assert.equal(await tab.huiyou.sync.run(), "fresh");
  assert.equal(tab.asked().length, 1);
});

test("a clock that was put back does not call the last sync fresh until it has caught up", async () => {
  const tab = await phone(() => [HEAD, END]);
  await tab.huiyou.sync.run();
  await tab.huiyou.store.set("synced_at", Date.now() + 400 * 864e5);
  assert.equal(await tab.huiyou.sync.run(), "synced");
  assert.ok(await tab.huiyou.store.get("synced_at") <= Date.now());
});

test("a broken stream keeps the whole lines, and forgets and decides nothing", async () => {
  const tab = await phone(() => [HEAD, page("/needs", "00000002"), { gone: "00000009" }, page("/events", "00000003")], { whole: false });
  await tab.huiyou.pages.put(page("/experts", "00000009"), "anna");
  assert.equal(await tab.huiyou.sync.run({ force: true }), "broken");
  assert.deepEqual(await tab.has(), { "/experts": "00000009", "/needs": "00000002" });
  assert.equal(await tab.huiyou.store.get("synced_at"), undefined);
});

test("what is gone is forgotten after the last line; what took its place stays", async () => {
  const tab = await phone(() => [HEAD, page("/needs", "00000002"), { gone: "00000001" }, { gone: "00000009" }, END]);
  await tab.huiyou.pages.put(page("/needs", "00000001"), "anna");
  await tab.huiyou.pages.put(page("/experts", "00000009"), "anna");
  await tab.huiyou.sync.run({ force: true });
  assert.deepEqual(await tab.has(), { "/needs": "00000002" });
});

test("an operation in doubt is decided by what the ledger says", async () => {
  const doubtful = entry();
  const { op_id } = doubtful;
  const tab = await phone(() => [HEAD, { op_id, outcome: "waitlisted", message: "候补第 2 位" }, END]);
  await tab.huiyou.outbox.add(doubtful);
  await tab.huiyou.outbox.begin([op_id]);
  await tab.huiyou.sync.run({ force: true });
  assert.deepEqual(tab.asked()[0].ops, [op_id]);
  assert.equal((await tab.huiyou.outbox.get(op_id)).message, "候补第 2 位");
});

test("another person's set is not kept on this one's phone", async () => {
  const tab = await phone(() => [{ ...HEAD, account: "berta" }, page("/me", "00000007"), END]);
  const heard = [];
  tab.huiyou.on("connection", ({ state }) => heard.push(state));
  await tab.huiyou.sync.run({ force: true });
  assert.deepEqual(await tab.has(), {});
  assert.deepEqual(heard, ["login"]);
});

test("however many pages come at once, the phone is asked whose it is as often as for one", async () => {
  const asked = [];
  for (const many of [1, 60]) {
    const pages = Array.from({ length: many }, (_, at) => page(`/needs/${at}`, String(at).padStart(8, "0")));
    const tab = await phone(() => [HEAD, ...pages, END]);
    const { get } = tab.huiyou.store;
    let times = 0;
    tab.huiyou.store.get = (key) => { times += key === "account"; return get(key); };
    await tab.huiyou.sync.run({ force: true });
    asked.push(times);
    assert.equal(Object.keys(await tab.has()).length, many);
  }
  assert.equal(asked[0], asked[1]);
});

for (const [when, name] of [["while the shell is renewed", "renewShell"], ["while pages are kept", "put"]]) {
  test(`nothing is concluded for somebody who leaves ${when}`, async () => {
    const tab = await phone(() => [HEAD, page("/needs", "00000001"), { gone: "00000009" }, END]);
    const { pages, store } = tab.huiyou;
    await store.set("account", "bob");
    await pages.put(page("/experts", "00000009"), "bob");
    await store.set("account", "anna");
    const { [name]: done } = pages;
    pages[name] = async (...given) => {
      await store.set("account", "bob");
      return done(...given);
    };
    assert.equal(await tab.huiyou.sync.run({ force: true }), "left");
    assert.deepEqual([await store.get("synced_at"), await store.get("counts")], [undefined, undefined]);
    assert.equal(await pages.read("/needs", "anna"), null);
    assert.deepEqual(await tab.has(), { "/experts": "00000009" });
  });
}

test("a portal's page changes nothing", async () => {
  const tab = await phone(() => []);
  tab.fetch = async () => new Response("<html>hotel</html>");
  assert.equal(await tab.huiyou.sync.run({ force: true }), "none");
});

test("held entries go on once the same account is heard of again", async () => {
  const tab = await phone(() => [HEAD, END]);
  const { op_id } = await tab.huiyou.outbox.add(entry());
  await tab.huiyou.outbox.hold("anna");
  await tab.huiyou.sync.run({ force: true });
  assert.equal((await tab.huiyou.outbox.get(op_id)).state, "pending");
});

test("a phone that was logged out asks for nothing", async () => {
  const tab = await phone(() => [HEAD, END]);
  await tab.huiyou.store.set("tombstone", true);
  assert.equal(await tab.huiyou.sync.run({ force: true }), "fresh");
});

test("a visitor's answer that comes when somebody has logged in changes nothing, and asks nobody to log in", async () => {
  const heard = [];
  const tab = await phone(() => [{ ...HEAD, account: "anna" }, page("/me", "00000007"), END]);
  await tab.huiyou.store.set("account", "");
  tab.huiyou.on("connection", ({ state }) => heard.push(state));
  const call = tab.huiyou.call;
  tab.huiyou.call = async (...asked) => {
    const answer = await call(...asked);
    await tab.huiyou.store.set("account", "anna");
    return answer;
  };
  assert.equal(await tab.huiyou.sync.run({ force: true }), "left");
  assert.deepEqual(heard, []);
  assert.deepEqual(await tab.has(), {});
  assert.equal(await tab.huiyou.store.get("synced_at"), undefined);
});

test("who has to be in time waits for the sync that is under way, and then syncs", async () => {
  let goes;
  const going = new Promise((resolve) => { goes = resolve; });
  const tab = await phone(() => [HEAD, END]);
  const call = tab.huiyou.call;
  tab.huiyou.call = async (...asked) => { await going; return call(...asked); };
  const first = tab.huiyou.sync.run({ force: true });
  const [skipped, waiting] = [tab.huiyou.sync.run({ after: true }), tab.huiyou.sync.run({ force: true })];
  assert.equal(await skipped, undefined);
  goes();
  assert.deepEqual([await first, await waiting], ["synced", "synced"]);
});
