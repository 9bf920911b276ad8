// Finds people as a phone at the door does. In: {people, queries: [{query, id, kind}]} as JSON; out: rate and time by kind.
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import vm from "node:vm";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const scope = {};
scope.self = scope;
vm.createContext(scope);
vm.runInContext(readFileSync(`${ROOT}/static/door/finding.js`, "utf8"), scope);
const { doorFinding: finding } = scope.huiyou;
const { people, queries } = JSON.parse(readFileSync(0, "utf8"));
const spelt = finding.readings(JSON.parse(readFileSync(`${ROOT}/static/pinyin.json`, "utf8")));
const index = finding.index(people);
const found = {};
const times = [];
for (const { query, id, kind } of queries) {
  const start = performance.now();
  const hits = finding.found(query, index, spelt);
  times.push(performance.now() - start);
  const place = hits.findIndex((person) => person.id === id);
  found[kind] ||= { asked: 0, top3: 0, missed: [] };
  found[kind].asked++;
  if (place >= 0 && place < 3) found[kind].top3++;
  else found[kind].missed.push([query, place]);
}
times.sort((a, b) => a - b);
process.stdout.write(JSON.stringify({ found, p95_ms: times[Math.floor(times.length * 0.95)], most_ms: times.at(-1) }));
