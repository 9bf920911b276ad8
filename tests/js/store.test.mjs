import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import vm from "node:vm";
import { entry, newDisk, openTab } from "./engine.mjs";

const ASIDE = new URL("../../static/js/aside.js", import.meta.url);

test("what is remembered is there in the next tab", async () => {
  const disk = newDisk();
  await openTab({ disk }).huiyou.store.set("generation", "g1");
  assert.equal(await openTab({ disk }).huiyou.store.get("generation"), "g1");
  assert.equal(await openTab({ disk }).huiyou.store.get("never set"), undefined);
});

test("a transaction whose work fails leaves nothing", async () => {
  const { huiyou } = openTab();
  await assert.rejects(huiyou.store.transact(["meta"], "readwrite", async (meta) => {
    await huiyou.store.ask(meta.put({ key: "half", value: 1 }));
    throw new Error("no");
  }));
  assert.equal(await huiyou.store.get("half"), undefined);
});

test("a connection that has died is opened anew", async () => {
  const disk = newDisk();
  const { huiyou } = openTab({ disk });
  await huiyou.store.set("a", 1);
  const open = disk.indexedDB.open.bind(disk.indexedDB);
  await huiyou.store.transact(["meta"], "readonly", async (meta) => meta.transaction.db.close());
  let opened = 0;
  disk.indexedDB.open = (...given) => { opened++; return open(...given); };
  await huiyou.store.set("b", 2);
  assert.equal(opened, 1);
  assert.equal(await huiyou.store.get("b"), 2);
});

test("a database that cannot be opened is an error that is told, not a wait without end", async () => {
  const disk = newDisk();
  disk.indexedDB.open = () => { throw new DOMException("broken", "UnknownError"); };
  await assert.rejects(openTab({ disk }).huiyou.store.set("a", 1));
});

test("what is sealed opens under its own key alone, and stays closed when the key is gone", async () => {
  const { huiyou } = openTab();
  const sealed = await huiyou.vault.seal("packs", { guests: ["羊春晓"] });
  assert.ok(!Buffer.from(sealed.data).toString("utf8").includes("羊春晓"));
  assert.deepEqual(JSON.parse(JSON.stringify(await huiyou.vault.unseal(sealed))), { guests: ["羊春晓"] });
  await huiyou.store.remove("keys", "packs");
  await assert.rejects(huiyou.vault.unseal(sealed));
});

test("the engine's keys cannot be taken out", async () => {
  const { huiyou } = openTab();
  await huiyou.vault.seal("outbox", {});
  await assert.rejects(crypto.subtle.exportKey("raw", (await huiyou.store.read("keys", "outbox")).value));
});

/** A page that is put aside for Back, as its browser tells it. */
function pageOf(disk) {
  const scope = openTab({ disk });
  const told = new EventTarget();
  scope.addEventListener = told.addEventListener.bind(told);
  vm.runInContext(readFileSync(ASIDE, "utf8"), scope);
  const say = (type) => told.dispatchEvent(Object.assign(new Event(type), { persisted: true }));
  return { store: scope.huiyou.store, outbox: scope.huiyou.outbox, putAside: () => say("pagehide"), comesBack: () => say("pageshow") };
}

test("a page that is put aside in the midst of a transaction keeps nobody waiting, and does it anew when it returns", async () => {
  const disk = newDisk();
  const { store, putAside, comesBack } = pageOf(disk);
  let rounds = 0;
  const written = store.transact(["meta"], "readwrite", async (meta) => {
    await store.ask(meta.get("seen"));
    if (!rounds++) putAside();
    await store.ask(meta.put({ key: "seen", value: rounds }));
  });
  const other = openTab({ disk }).huiyou.store;
  await other.set("other", 1);
  assert.equal(await other.get("seen"), undefined);
  comesBack();
  await written;
  assert.equal(await other.get("seen"), 2);
});

test("a page that is aside begins nothing that it would have to come back to, before it does", async () => {
  const { store, putAside, comesBack } = pageOf(newDisk());
  const add = () => store.transact(["meta"], "readwrite", async (meta) => {
    const { value } = await store.ask(meta.get("a"));
    await store.ask(meta.put({ key: "a", value: value + 1 }));
  });
  await store.set("a", 1);
  putAside();
  let done = false;
  const added = add().then(() => { done = true; });
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.equal(done, false);
  comesBack();
  await added;
  assert.equal(await store.get("a"), 2);
  putAside();
  comesBack();
  await add();
  assert.equal(await store.get("a"), 3);
});

test("what is one request is stored without the page that asked for it: a draft, as its page is left", async () => {
  const disk = newDisk();
  const { store, putAside } = pageOf(disk);
  await store.set("a", 1);
  putAside();
  await store.write("drafts", { key: "need.create", fields: { title: "求购" } });
  assert.equal((await openTab({ disk }).huiyou.store.read("drafts", "need.create")).fields.title, "求购");
});

test("a press that is taken back and stored anew has a place in the order of its own", async () => {
  const disk = newDisk();
  const { store, outbox, putAside, comesBack } = pageOf(disk);
  const first = outbox.add(entry());
  while (!store.running.size) await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  putAside();
  comesBack();
  const second = outbox.add(entry());
  assert.deepEqual([(await first).seq, (await second).seq].sort(), [1, 2]);
});

test("a page that is closed for good is left to finish what it was at", async () => {
  const scope = openTab();
  const told = new EventTarget();
  scope.addEventListener = told.addEventListener.bind(told);
  vm.runInContext(readFileSync(ASIDE, "utf8"), scope);
  const written = scope.huiyou.store.set("a", 1);
  told.dispatchEvent(Object.assign(new Event("pagehide"), { persisted: false }));
  await written;
  assert.equal(await scope.huiyou.store.get("a"), 1);
});
