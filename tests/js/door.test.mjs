// The door decides on the phone as on the server: tests/contracts/door_cases.json holds for both.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import vm from "node:vm";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const read = (path) => readFileSync(resolve(ROOT, path), "utf8");
const scope = { crypto, TextEncoder, atob, btoa };
scope.self = scope;
vm.createContext(scope);
for (const file of ["rules.js", "finding.js", "evening.js"]) vm.runInContext(read(`static/door/${file}`), scope, { filename: file });
const { doorRules: rules, doorFinding: finding } = scope.huiyou;
const cases = JSON.parse(read("tests/contracts/door_cases.json"));
const spelt = finding.readings(JSON.parse(read("static/pinyin.json")));
const MINUTE = 60_000;
const NOW = Date.UTC(2026, 10, 21, 10);
const plain = (value) => JSON.parse(JSON.stringify(value));

for (const each of cases.verdicts) {
  test(`the door says: ${each.name}`, () => {
    const event = { state: each.event.state, starts_at: NOW + each.event.starts_in_minutes * MINUTE };
    assert.equal(rules.verdict(each.scan, each.entry, event, NOW), each.verdict);
  });
}

/** What was told at each scan, and what each fact comes to; as tests/evenings.py plays it. */
function played(evening) {
  const event = (given) => ({ state: given.state, starts_at: NOW + given.starts_in_minutes * MINUTE });
  const told = [];
  const seen = [];
  evening.steps.forEach((what, step) => {
    if ("undo" in what) {
      seen.find((each) => each.step === what.undo).fact.undone = true;
      return;
    }
    const at = NOW + what.at * MINUTE;
    const scan = { source: what.source || "ticket", ticket: what.ticket || "genuine" };
    const known = seen.filter((each) => what.online || each.phone === what.phone).map((each) => each.fact);
    const inside = rules.settle(known).some((now) => now.inside);
    const entry = { state: what.online ? evening.roster : evening.pack, inside };
    const clock = what.online ? at : at + (what.clock_minutes || 0) * MINUTE;
    const said = rules.verdict(scan, entry, event(what.online ? evening.event : { ...evening.event, ...evening.event_in_pack }), clock);
    const says = rules.verdict(scan, { state: evening.roster, inside: false }, event(evening.event), at);
    told.push(said);
    seen.push({ step, phone: what.phone, fact: { key: String(step).padStart(2, "0"), at, says, told: said, device: what.phone } });
  });
  return { told, final: rules.settle(seen.map((each) => each.fact)) };
}

for (const each of cases.evenings) {
  test(`an evening goes: ${each.name}`, () => assert.deepEqual(plain(played(each)), { told: each.told, final: each.final }));
}

const [here, other] = cases.ticket_keys;
const key = ({ kty, crv, x, y }) => ({ kty, crv, x, y });
const reader = () => rules.reader(here.event, key(here), { [other.event]: [other.x, other.y] });

for (const each of cases.tickets) {
  test(`a ticket reads: ${each.name}`, async () => {
    assert.deepEqual(plain(await reader()(each.text)), { ticket: each.ticket, ...(each.signup && { signup: each.signup }) });
  });
}

test("of a thousand altered tickets none is genuine", async () => {
  const readTicket = reader();
  const good = cases.tickets.find((each) => each.ticket === "genuine").text;
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
  let seed = 1118;
  const dice = (most) => (seed = (seed * 48271) % 2147483647) % most;
  for (let i = 0; i < 1000; i++) {
    const place = dice(good.length);
    let altered = good;
    while (altered === good) altered = good.slice(0, place) + letters[dice(letters.length)] + good.slice(place + 1);
    assert.notEqual((await readTicket(altered)).ticket, "genuine", altered);
  }
});

for (const each of cases.finds) {
  test(`a few letters find: ${each.query}`, () => {
    const found = finding.found(each.query, finding.index(cases.roster), spelt);
    assert.deepEqual(plain(found.map((person) => person.name)), each.found);
  });
}

test("who came in elsewhere without a company, or a phone, is found like everybody", () => {
  const starts_at = new Date(NOW).toISOString();
  const event = { id: here.event, title: "夜", capacity: 9, state: "published", starts_at, ends_at: starts_at };
  const evening = scope.huiyou.doorEvening({ event, key: key(here), others: {}, roster: [], walk_ins: [], serial: 0 }, { device: "a", by: "门口" });
  evening.hear({ serial: 1, facts: [{ id: "1", guest: "g", name: "赵六", source: "walk_in", verdict: "admitted", tone: "good", inside: true, at: starts_at, by: "门口" }] });
  const found = finding.found("赵", finding.index(evening.roster()), spelt);
  assert.deepEqual(plain(found.map((person) => person.name)), ["赵六"]);
});
