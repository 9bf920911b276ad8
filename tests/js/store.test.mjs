import assert from "node:assert/strict";
import { test } from "node:test";
import { newDisk, openTab } from "./engine.mjs";

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
