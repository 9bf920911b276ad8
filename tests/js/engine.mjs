// One browser tab for unit tests: the real engine over a fake database, caches in memory and a network that a test scripts.
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import vm from "node:vm";
import { IDBFactory } from "fake-indexeddb";

const STATIC = resolve(dirname(fileURLToPath(import.meta.url)), "../../static");
const files = JSON.parse(readFileSync(`${STATIC}/assets.json`, "utf8"))["engine.js"];

/** A cache as far as the engine uses one: by URL alone. */
class MemoryCache {
  entries = new Map();
  full = false;
  #url = (request) => new URL(request.url || request, "http://127.0.0.1").href;
  async put(request, response) {
    if (this.full) throw new DOMException("full", "QuotaExceededError");
    this.entries.set(this.#url(request), response);
  }
  match = async (request) => this.entries.get(this.#url(request))?.clone();
  matchAll = async () => [...this.entries.values()].map((response) => response.clone());
  delete = async (request) => this.entries.delete(this.#url(request));
}

/** A phone's disk: what its tabs share, and what stays when they are closed. */
export function newDisk() {
  const named = new Map();
  return {
    indexedDB: new IDBFactory(),
    local: new Map(),
    caches: {
      open: async (name) => named.get(name) || named.set(name, new MemoryCache()).get(name),
      delete: async (name) => named.delete(name),
      keys: async () => [...named.keys()],
    },
  };
}

/**
 * A tab of this phone. `answer(url, init)` is the network; `account` whom the page was made for.
 * Returns the tab's global scope, whose `huiyou` is the engine and whose `sent` are the requests.
 */
export function openTab({ disk = newDisk(), answer = () => { throw new TypeError("no network"); }, account = "", now } = {}) {
  const sent = [];
  const locks = new Map();
  const scope = {
    indexedDB: disk.indexedDB, caches: disk.caches, crypto, TextEncoder, TextDecoder, Response, URL, AbortController, console, DOMException,
    setTimeout: (work, ms) => { const timer = setTimeout(work, ms); timer.unref(); return timer; }, clearTimeout, setInterval: () => 0,
    document: Object.assign(new EventTarget(), { documentElement: { dataset: { account } }, hidden: false }),
    localStorage: { getItem: (key) => disk.local.get(key) ?? null, setItem: (key, value) => disk.local.set(key, value) },
    navigator: {
      serviceWorker: { controller: {} },
      locks: {
        request: async (name, { ifAvailable }, work) => {
          if (locks.has(name) && ifAvailable) return work(null);
          const turn = (locks.get(name) ?? Promise.resolve()).then(() => work({ name }));
          const over = turn.catch(() => {}).then(() => locks.get(name) === over && locks.delete(name));
          locks.set(name, over);
          return turn;
        },
      },
    },
    addEventListener() {},
    fetch: async (url, init = {}) => {
      sent.push({ url, ...init, body: init.body && JSON.parse(init.body) });
      const response = await answer(url, init.body ? JSON.parse(init.body) : undefined);
      if (init.signal?.aborted) throw new DOMException("aborted", "AbortError");
      return response;
    },
    sent,
  };
  scope.self = scope;
  if (now) scope.Date = class extends Date { constructor(...given) { super(...(given.length ? given : [now()])); } static now() { return now(); } };
  vm.createContext(scope);
  for (const file of files) vm.runInContext(readFileSync(resolve(STATIC, file), "utf8"), scope, { filename: file });
  return scope;
}

/** An answer of the application. */
export const ours = (body, { status = 200, headers = {} } = {}) =>
  new Response(typeof body === "string" ? body : JSON.stringify(body), { status, headers: { Huiyou: "1.0.0", ...headers } });

/** What the server says to a batch when `outcome` is how it decides each operation. */
export const decided = (request, outcome = () => "accepted") =>
  ours({ ops: request.ops.map((op) => ({ op_id: op.op_id, message: "", ...(typeof outcome(op) === "string" ? { outcome: outcome(op) } : outcome(op)) })), generation: "g1" });

let number = 0;
/** An operation as a form hands it in. */
export const entry = (more = {}) => ({
  op_id: `00000000-0000-7000-8000-${String(++number).padStart(12, "0")}`, owner: "anna", lane: `need:${number}`, name: "need.create",
  form_version: 1, fields: { title: "求购" }, page: "/needs/new", ...more,
});
