// What the wall says in the chamber, counted from a steady offset or told by the phone's own calendar.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import vm from "node:vm";

const script = readFileSync(resolve(dirname(fileURLToPath(import.meta.url)), "../../static/js/wall.js"), "utf8");

/** The wall of a page whose root says `dataset`. */
function wallOf(dataset) {
  const scope = { document: { documentElement: { dataset } }, Intl, Date };
  scope.self = scope;
  vm.runInNewContext(script, scope);
  return (instant) => ({ ...scope.huiyou.wall(new Date(instant)) });
}

test("the day begins at the chamber's midnight, wherever the phone is", () => {
  const wall = wallOf({ zone: "Asia/Shanghai", offset: "480" });
  assert.deepEqual(wall("2026-11-20T15:59:59Z"), { year: 2026, month: 11, day: 20, hour: 23, minute: 59, time: "23:59" });
  assert.deepEqual(wall("2026-11-20T16:00:00Z"), { year: 2026, month: 11, day: 21, hour: 0, minute: 0, time: "00:00" });
});

test("counting and the phone's calendar agree", () => {
  for (const [zone, offset] of [["Asia/Shanghai", "480"], ["Asia/Kathmandu", "345"], ["America/Phoenix", "-420"]]) {
    const [counted, told] = [wallOf({ zone, offset }), wallOf({ zone })];
    for (let instant = Date.UTC(2025, 11, 30); instant < Date.UTC(2028, 2, 3); instant += 37 * 3_600_000 + 61_000) assert.deepEqual(counted(instant), told(instant));
  }
});

test("where clocks change with the season, the phone's calendar says so", () => {
  const wall = wallOf({ zone: "Europe/Berlin" });
  assert.equal(wall("2027-03-28T00:59:00Z").time, "01:59");
  assert.equal(wall("2027-03-28T01:00:00Z").time, "03:00");
});
