import assert from "node:assert/strict";
import { test } from "node:test";
import { entry, newDisk, openTab } from "./engine.mjs";

test("an entry is numbered in the order in which it was pressed, and waits", async () => {
  const { huiyou } = openTab();
  const [first, second] = [await huiyou.outbox.add(entry()), await huiyou.outbox.add(entry())];
  assert.deepEqual([first.seq, first.state, first.tries], [1, "pending", 0]);
  assert.equal(second.seq, 2);
  assert.deepEqual((await huiyou.outbox.waiting("anna")).map((each) => each.op_id), [first.op_id, second.op_id]);
});

test("a double tap is one entry", async () => {
  const { huiyou } = openTab();
  const given = entry();
  await Promise.all([huiyou.outbox.add(given), huiyou.outbox.add(given)]);
  assert.equal((await huiyou.outbox.list("anna")).length, 1);
});

test("an entry outlives its tab", async () => {
  const disk = newDisk();
  const { op_id } = await openTab({ disk }).huiyou.outbox.add(entry());
  assert.equal((await openTab({ disk }).huiyou.outbox.get(op_id)).state, "pending");
});

test("a password lies encrypted in the outbox, and is wiped by the outcome", async () => {
  const { huiyou } = openTab();
  const stored = await huiyou.outbox.add(entry({ name: "registration.submit", fields: { real_name: "羊春晓", password: "swordfish", id_number: "1101" } }));
  assert.deepEqual({ ...stored.fields }, { real_name: "羊春晓" });
  assert.ok(!JSON.stringify(stored).includes("swordfish"));
  assert.equal((await huiyou.vault.unseal(stored.secret)).password, "swordfish");
  await huiyou.outbox.decide(stored.op_id, { outcome: "accepted" });
  assert.equal((await huiyou.outbox.get(stored.op_id)).secret, undefined);
});

test("what was never sent can be taken back, and what depended on it is not sent", async () => {
  const { huiyou } = openTab();
  const parent = await huiyou.outbox.add(entry());
  const child = await huiyou.outbox.add(entry({ after: parent.op_id, lane: parent.lane }));
  assert.equal(await huiyou.outbox.withdraw(parent.op_id), true);
  assert.equal((await huiyou.outbox.get(parent.op_id)).state, "withdrawn");
  assert.equal((await huiyou.outbox.get(child.op_id)).state, "not_sent");
});

test("what may have arrived cannot be taken back or replaced", async () => {
  const { huiyou } = openTab();
  const { op_id } = await huiyou.outbox.add(entry());
  await huiyou.outbox.begin([op_id]);
  assert.equal(await huiyou.outbox.withdraw(op_id), false);
  assert.equal(await huiyou.outbox.replace(op_id, entry()), false);
  assert.equal((await huiyou.outbox.get(op_id)).state, "sending");
});

test("a replaced entry keeps its place, and what built on it builds on the new one", async () => {
  const { huiyou } = openTab();
  const old = await huiyou.outbox.add(entry());
  const edit = await huiyou.outbox.add(entry({ name: "need.update", after: old.op_id, fields: { version: old.op_id } }));
  const better = entry({ fields: { title: "求购六吨" } });
  assert.equal(await huiyou.outbox.replace(old.op_id, better), true);
  const [first, second] = await huiyou.outbox.waiting("anna");
  assert.deepEqual([first.op_id, first.seq], [better.op_id, old.seq]);
  assert.deepEqual([second.op_id, second.after, second.fields.version], [edit.op_id, better.op_id, better.op_id]);
});

test("a final outcome stays as it was first heard", async () => {
  const { huiyou } = openTab();
  const { op_id } = await huiyou.outbox.add(entry());
  await huiyou.outbox.decide(op_id, { outcome: "refused", message: "已取消" });
  await huiyou.outbox.decide(op_id, { outcome: "accepted", message: "报名成功" });
  const { state, message } = await huiyou.outbox.get(op_id);
  assert.deepEqual([state, message], ["refused", "已取消"]);
});

test("a child of a refused parent carries the parent's reason", async () => {
  const { huiyou } = openTab();
  const parent = await huiyou.outbox.add(entry());
  const child = await huiyou.outbox.add(entry({ after: parent.op_id }));
  const grandchild = await huiyou.outbox.add(entry({ after: child.op_id }));
  await huiyou.outbox.decide(parent.op_id, { outcome: "refused", message: "一小时只能发 60 条" });
  for (const { op_id } of [child, grandchild]) {
    const { state, message } = await huiyou.outbox.get(op_id);
    assert.deepEqual([state, message], ["not_sent", "一小时只能发 60 条"]);
  }
});

test("what builds on a refusal is never sent, whether it was pressed after it or may have arrived before", async () => {
  const { huiyou } = openTab();
  const parent = await huiyou.outbox.add(entry());
  const doubtful = await huiyou.outbox.add(entry({ after: parent.op_id, lane: parent.lane }));
  await huiyou.outbox.begin([parent.op_id, doubtful.op_id]);
  await huiyou.outbox.decide(parent.op_id, { outcome: "refused", message: "没有写完" });
  const late = await huiyou.outbox.add(entry({ after: parent.op_id, lane: parent.lane }));
  const later = await huiyou.outbox.add(entry({ after: late.op_id, lane: parent.lane }));
  for (const { op_id } of [doubtful, late, later]) {
    const { state, message } = await huiyou.outbox.get(op_id);
    assert.deepEqual([state, message], ["not_sent", "没有写完"]);
  }
  assert.equal(late.state, "not_sent");
});

test("held entries go when their own owner is back, and no others", async () => {
  const { huiyou } = openTab();
  const mine = await huiyou.outbox.add(entry());
  const hers = await huiyou.outbox.add(entry({ owner: "berta" }));
  await huiyou.outbox.hold("anna");
  await huiyou.outbox.hold("berta");
  await huiyou.outbox.release("anna");
  assert.equal((await huiyou.outbox.get(mine.op_id)).state, "pending");
  assert.equal((await huiyou.outbox.get(hers.op_id)).state, "held");
});

test("receipts go after thirty days; what waits or was refused unseen never does", async () => {
  let time = Date.UTC(2026, 10, 21);
  const { huiyou } = openTab({ now: () => time });
  const [done, waits, refused] = [await huiyou.outbox.add(entry()), await huiyou.outbox.add(entry()), await huiyou.outbox.add(entry())];
  await huiyou.outbox.decide(done.op_id, { outcome: "accepted" });
  await huiyou.outbox.decide(refused.op_id, { outcome: "refused" });
  time += 31 * 864e5;
  await huiyou.outbox.sweep();
  assert.deepEqual((await huiyou.outbox.list("anna")).map((each) => each.op_id), [waits.op_id, refused.op_id]);
  await huiyou.outbox.acknowledge(refused.op_id);
  await huiyou.outbox.sweep();
  assert.deepEqual((await huiyou.outbox.list("anna")).map((each) => each.op_id), [waits.op_id]);
});

test("an owner who leaves may keep what waits", async () => {
  const { huiyou } = openTab();
  const [done, waits, hers] = [await huiyou.outbox.add(entry()), await huiyou.outbox.add(entry()), await huiyou.outbox.add(entry({ owner: "berta" }))];
  await huiyou.outbox.decide(done.op_id, { outcome: "accepted" });
  await huiyou.outbox.forget("anna", { keep: true });
  assert.deepEqual((await huiyou.outbox.list("anna")).map((each) => each.op_id), [waits.op_id]);
  await huiyou.outbox.forget("anna");
  assert.equal((await huiyou.outbox.list("anna")).length, 0);
  assert.ok(await huiyou.outbox.get(hers.op_id));
});

test("an entry that does not fit takes the place of the pages", async () => {
  const { huiyou } = openTab();
  await huiyou.store.set("account", "anna");
  await huiyou.pages.put({ url: "/needs", etag: "00000001", title: "需求", html: "<main></main>", as_of: "" }, "anna");
  const { transact } = huiyou.store;
  let full = true;
  huiyou.store.transact = (...given) => {
    if (!full || given[1] !== "readwrite") return transact(...given);
    full = false;
    return Promise.reject(new DOMException("full", "QuotaExceededError"));
  };
  assert.equal((await huiyou.outbox.add(entry())).state, "pending");
  assert.equal((await huiyou.pages.list()).length, 0);
});
