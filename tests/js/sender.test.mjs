import assert from "node:assert/strict";
import { test } from "node:test";
import { decided, entry, openTab, ours } from "./engine.mjs";

async function phone(answer, more = {}) {
  const tab = openTab({ answer: (url, body) => url === "/ops" ? answer(body) : url === "/healthz" ? ours("ok") : ours("", { status: 404 }), account: "anna", ...more });
  await tab.huiyou.store.set("account", "anna");
  tab.states = async () => (await tab.huiyou.outbox.list("anna")).map((each) => each.state);
  tab.batches = () => tab.sent.filter((request) => request.url === "/ops").map((request) => request.body.ops.map((op) => op.seq));
  return tab;
}

test("what waits goes in one batch, in order, and takes the outcomes that echo it", async () => {
  const tab = await phone((body) => decided(body, (op) => ({ outcome: "waitlisted", message: `第 ${op.seq} 位` })));
  for (let i = 0; i < 3; i++) await tab.huiyou.outbox.add(entry());
  assert.equal((await tab.huiyou.sender.send({ reason: "now" })).answer, "online");
  assert.deepEqual(tab.batches(), [[1, 2, 3]]);
  assert.deepEqual(await tab.states(), ["waitlisted", "waitlisted", "waitlisted"]);
  assert.equal((await tab.huiyou.outbox.list("anna"))[1].message, "第 2 位");
});

for (const [what, answer] of Object.entries({
  "a portal's page": () => new Response("<html>log in to the hotel</html>"),
  "an empty 200": () => new Response(""),
  "our own page instead of an answer": () => ours("<html></html>"),
  "a truncated answer": () => ours('{"ops": [{"op_id"'),
  "a bad gateway": () => new Response("", { status: 502 }),
  "a forbidding proxy": () => new Response("", { status: 403 }),
  "our own failure": () => ours("<html></html>", { status: 500 }),
  "a proxy's 413": () => new Response("", { status: 413 }),
  "somebody's 422": () => new Response("{}", { status: 422 }),
})) {
  test(`${what} is no answer: all is kept, and nothing called decided`, async () => {
    const tab = await phone(answer);
    await tab.huiyou.outbox.add(entry());
    await tab.huiyou.sender.send({ reason: "now" });
    assert.deepEqual(await tab.states(), ["sending"]);
  });
}

test("an answer that leaves one out leaves that one in doubt", async () => {
  const tab = await phone((body) => decided({ ops: body.ops.slice(0, 1) }));
  await tab.huiyou.outbox.add(entry());
  await tab.huiyou.outbox.add(entry());
  await tab.huiyou.sender.send({ reason: "now" });
  assert.deepEqual(await tab.states(), ["accepted", "sending"]);
});

test("what is in doubt goes again under the same id", async () => {
  let lost = true;
  const tab = await phone((body) => {
    if (lost) throw new TypeError("the answer was lost");
    return decided(body);
  });
  const { op_id } = await tab.huiyou.outbox.add(entry());
  assert.equal((await tab.huiyou.sender.send({ reason: "now" })).answer, "offline");
  lost = false;
  await tab.huiyou.sender.send({ reason: "now" });
  assert.deepEqual(tab.sent.filter((request) => request.url === "/ops").map((request) => request.body.ops[0].op_id), [op_id, op_id]);
  assert.deepEqual(await tab.states(), ["accepted"]);
});

test("an ended session holds all, and asks to log in", async () => {
  const tab = await phone((body) => decided(body, () => "auth"));
  const heard = [];
  tab.huiyou.on("connection", ({ state }) => heard.push(state));
  await tab.huiyou.outbox.add(entry());
  await tab.huiyou.outbox.add(entry());
  await tab.huiyou.sender.send({ reason: "now" });
  assert.deepEqual(await tab.states(), ["held", "held"]);
  assert.deepEqual(heard, ["login"]);
  await tab.huiyou.sender.send({ reason: "now" });
  assert.equal(tab.batches().length, 1, "what is held is not offered again and again");
});

test("a lane that has to wait stops its own entries alone", async () => {
  const tab = await phone((body) => decided(body, (op) => op.lane === "event:1" ? { outcome: "retry", retry_after: 60 } : "accepted"));
  await tab.huiyou.outbox.add(entry({ lane: "event:1" }));
  await tab.huiyou.sender.send({ reason: "now" });
  await tab.huiyou.outbox.add(entry({ lane: "event:1" }));
  await tab.huiyou.outbox.add(entry({ lane: "event:2" }));
  await tab.huiyou.sender.send({ reason: "now" });
  assert.deepEqual(tab.batches(), [[1], [3]]);
  assert.deepEqual(await tab.states(), ["sending", "pending", "accepted"]);
});

test("what was to wait a minute does not wait a year when the clock is put back", async () => {
  let now = Date.now();
  const tab = await phone((body) => decided(body, () => ({ outcome: "retry", retry_after: 60 })), { now: () => now });
  await tab.huiyou.outbox.add(entry());
  await tab.huiyou.sender.send({ reason: "now" });
  now += 30_000;
  await tab.huiyou.sender.send({ reason: "now" });
  assert.equal(tab.batches().length, 1, "not yet");
  now -= 365 * 864e5;
  await tab.huiyou.sender.send({ reason: "now" });
  assert.equal(tab.batches().length, 2);
});

test("a child in another lane waits for its parent's outcome", async () => {
  const tab = await phone((body) => decided(body, () => "retry"));
  const parent = await tab.huiyou.outbox.add(entry({ lane: "need:1" }));
  await tab.huiyou.sender.send({ reason: "now" });
  await tab.huiyou.outbox.add(entry({ lane: "need:2", after: parent.op_id }));
  await tab.huiyou.sender.send({ reason: "now" });
  assert.deepEqual(tab.batches(), [[1]]);
});

test("a batch that is too large is halved until it goes", async () => {
  const tab = await phone((body) => body.ops.length > 3 ? ours({ error: "size", message: "太大" }, { status: 413 }) : decided(body));
  for (let i = 0; i < 10; i++) await tab.huiyou.outbox.add(entry());
  await tab.huiyou.sender.send({ reason: "now" });
  assert.deepEqual(tab.batches().map((batch) => batch.length), [10, 5, 2, 2, 2, 2, 2]);
  assert.ok((await tab.states()).every((state) => state === "accepted"));
});

test("an operation that is too large alone is refused with the reason", async () => {
  const tab = await phone(() => ours({ error: "size", message: "太大" }, { status: 413 }));
  await tab.huiyou.outbox.add(entry());
  await tab.huiyou.sender.send({ reason: "now" });
  assert.deepEqual(await tab.states(), ["refused"]);
  assert.equal((await tab.huiyou.outbox.list("anna"))[0].message, "太大");
});

test("no more than a hundred operations go at once", async () => {
  const tab = await phone((body) => decided(body));
  for (let i = 0; i < 101; i++) await tab.huiyou.outbox.add(entry());
  await tab.huiyou.sender.send({ reason: "now" });
  assert.deepEqual(tab.batches().map((batch) => batch.length), [100, 1]);
});

test("a request stays below what the server takes", async () => {
  const tab = await phone((body) => decided(body));
  for (let i = 0; i < 20; i++) await tab.huiyou.outbox.add(entry({ fields: { body: "字".repeat(4000) } }));
  await tab.huiyou.sender.send({ reason: "now" });
  for (const request of tab.sent.filter((each) => each.url === "/ops")) assert.ok(new TextEncoder().encode(JSON.stringify(request.body)).length < 65536);
  assert.ok((await tab.states()).every((state) => state === "accepted"));
});

test("a server that asks for patience gets it, but for the person's own word", async () => {
  const tab = await phone(() => new Response("", { status: 503, headers: { "Retry-After": "120" } }));
  await tab.huiyou.outbox.add(entry());
  await tab.huiyou.sender.send({ reason: "open" });
  await tab.huiyou.sender.send({ reason: "open" });
  assert.equal(tab.batches().length, 1);
  await tab.huiyou.sender.send({ reason: "now" });
  assert.equal(tab.batches().length, 2);
});

test("a visitor's registration goes under the phone's own id, whoever is logged in", async () => {
  const tab = await phone((body) => decided(body));
  const visitor = await tab.huiyou.account.visitor();
  await tab.huiyou.outbox.add(entry({ owner: visitor, name: "registration.submit", fields: { real_name: "羊春晓", password: "swordfish" } }));
  await tab.huiyou.sender.send({ reason: "now" });
  const { body } = tab.sent.find((request) => request.url === "/ops");
  assert.deepEqual([body.account, body.outbox, body.ops[0].fields.password], [null, visitor, "swordfish"]);
});

test("another account's entries are never sent", async () => {
  const tab = await phone((body) => decided(body));
  await tab.huiyou.outbox.add(entry({ owner: "berta" }));
  assert.equal((await tab.huiyou.sender.send({ reason: "now" })).answer, "idle");
  assert.equal(tab.batches().length, 0);
});

test("after a restore of the server what had an effect is offered again, in its order", async () => {
  let generation = "g1";
  const tab = await phone((body) => ours({
    ops: body.ops.map((op) => ({ op_id: op.op_id, outcome: body.generation && body.generation !== generation ? "retry" : op.seq === 2 ? "refused" : "accepted" })), generation,
  }));
  for (let i = 0; i < 3; i++) await tab.huiyou.outbox.add(entry());
  await tab.huiyou.sender.send({ reason: "now" });
  generation = "g2";
  await tab.huiyou.outbox.add(entry());
  await tab.huiyou.sender.send({ reason: "now" });
  assert.deepEqual(tab.batches(), [[1, 2, 3], [4], [1, 3, 4]]);
  assert.deepEqual(await tab.states(), ["accepted", "refused", "accepted", "accepted"]);
});

test("two tabs do not send at once", async () => {
  let release;
  const gate = new Promise((resolve) => { release = resolve; });
  const tab = await phone(async (body) => { await gate; return decided(body); });
  await tab.huiyou.outbox.add(entry());
  const first = tab.huiyou.sender.send({ reason: "now" });
  assert.equal((await tab.huiyou.sender.send({ reason: "again" })).answer, "busy");
  release();
  await first;
  assert.equal(tab.batches().length, 1);
});

test("what was pressed with no network was never tried, and can still be taken back", async () => {
  const tab = openTab({ account: "anna" });
  tab.navigator.onLine = false;
  await tab.huiyou.store.set("account", "anna");
  const { op_id } = await tab.huiyou.outbox.add(entry());
  assert.equal((await tab.huiyou.sender.send({ reason: "submit" })).answer, "offline");
  assert.deepEqual(tab.sent.map((request) => request.url), ["/healthz"]);
  assert.equal(await tab.huiyou.outbox.withdraw(op_id), true);
});

test("a browser that wrongly says there is no network sends all the same", async () => {
  const tab = await phone((body) => decided(body));
  tab.navigator.onLine = false;
  await tab.huiyou.outbox.add(entry());
  await tab.huiyou.sender.send({ reason: "submit" });
  assert.deepEqual(await tab.states(), ["accepted"]);
});
