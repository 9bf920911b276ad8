// What a browser keeps for its tabs and outlives them: IndexedDB, locks, channels, caches, localStorage.
import { ORIGIN, never, world } from "./world.mjs";

// ——— IndexedDB: shared by the tabs of a browser; what a dead tab had begun is taken back ———

export function factoryOf(tab) {
  const { factory } = tab.browser;
  const watch = (request) => {
    world.busy++;
    let done = false;
    const over = () => { if (!done) { done = true; world.busy--; } };
    request.addEventListener("success", over);
    request.addEventListener("error", over);
    request.addEventListener("blocked", over);
    return request;
  };
  const open = (...args) => {
    if (tab.dead) throw new DOMException("the tab is dead", "InvalidStateError");
    if (tab.browser.broken) throw new DOMException("IndexedDB is broken", "UnknownError");
    const request = watch(factory.open(...args));
    request.addEventListener("success", () => adopt(tab, request.result));
    return request;
  };
  return {
    open, cmp: (a, b) => factory.cmp(a, b), databases: () => factory.databases(),
    deleteDatabase: (name) => { if (tab.dead) throw new DOMException("the tab is dead"); return watch(factory.deleteDatabase(name)); },
  };
}

function adopt(tab, database) {
  if (tab.dead) return database.close();
  tab.databases.add(database);
  const begin = database.transaction.bind(database);
  database.transaction = (...args) => {
    if (tab.dead) throw new DOMException("the tab is dead", "InvalidStateError");
    if (tab.browser.full && args[1] === "readwrite") throw new DOMException("no room", "QuotaExceededError");
    const transaction = begin(...args);
    tab.transactions.add(transaction);
    world.busy++;
    const over = () => { if (tab.transactions.delete(transaction)) world.busy--; };
    transaction.addEventListener("complete", over);
    transaction.addEventListener("abort", over);
    return transaction;
  };
}

// ——— locks, channels, caches, localStorage ———

export function locksOf(tab) {
  const { locks } = tab.browser;
  const serve = (name) => {
    const lock = locks.get(name);
    while (lock.queue.length) {
      const wish = lock.queue[0];
      const free = wish.mode === "shared" ? !lock.held.some((grant) => grant.mode === "exclusive") : !lock.held.length;
      if (!free) return;
      lock.queue.shift();
      grantTo(name, wish);
    }
  };
  const grantTo = (name, wish) => {
    const lock = locks.get(name);
    const grant = { mode: wish.mode, release() { lock.held = lock.held.filter((other) => other !== grant); wish.tab.granted.delete(grant); serve(name); } };
    lock.held.push(grant);
    wish.tab.granted.add(grant);
    Promise.resolve().then(() => wish.work({ name, mode: wish.mode })).then(
      (value) => { if (!wish.tab.dead) { grant.release(); wish.done(value); } },
      (error) => { if (!wish.tab.dead) { grant.release(); wish.fail(error); } },
    );
  };
  return {
    request(name, given, callback) {
      const options = callback ? given : {};
      const work = callback ?? given;
      if (tab.dead) return never();
      if (!locks.has(name)) locks.set(name, { held: [], queue: [] });
      const lock = locks.get(name);
      return new Promise((done, fail) => {
        const wish = { tab, mode: options.mode ?? "exclusive", work, done, fail };
        const free = !lock.queue.length && (wish.mode === "shared" ? !lock.held.some((grant) => grant.mode === "exclusive") : !lock.held.length);
        if (free) grantTo(name, wish);
        else if (options.ifAvailable) Promise.resolve().then(() => work(null)).then(done, fail);
        else {
          lock.queue.push(wish);
          options.signal?.addEventListener("abort", () => { lock.queue = lock.queue.filter((other) => other !== wish); fail(options.signal.reason); });
        }
      });
    },
    query: async () => ({
      held: [...locks].flatMap(([name, lock]) => lock.held.map((grant) => ({ name, mode: grant.mode }))),
      pending: [...locks].flatMap(([name, lock]) => lock.queue.map((wish) => ({ name, mode: wish.mode }))),
    }),
  };
}

export function channelsOf(tab) {
  const { channels } = tab.browser;
  return class extends EventTarget {
    constructor(name) {
      super();
      Object.assign(this, { name, tab, onmessage: null });
      if (!tab.dead) channels.add(this);
    }

    postMessage(data) {
      if (tab.dead) return;
      const copy = structuredClone(data);
      if (data?.type === "ended") world.events.push({ ended: tab.browser.name });
      if (data?.type === "decided") world.events.push({ decided: data.detail.entry.op_id, state: data.detail.entry.state });
      for (const other of [...channels]) if (other !== this && other.name === this.name) queueMicrotask(() => {
        if (other.tab.dead) return;
        const event = Object.assign(new Event("message"), { data: structuredClone(copy) });
        other.dispatchEvent(event);
        other.onmessage?.(event);
      });
    }

    close() { channels.delete(this); }
  };
}

export function cachesOf(tab) {
  const kept = tab.browser.caches;
  const keyOf = (request) => String(new URL(request?.url ?? String(request), ORIGIN));
  const cacheOf = (name) => ({
    async put(request, response) {
      if (tab.dead) return never();
      if (tab.browser.full) throw new DOMException("no room", "QuotaExceededError");
      const bytes = Buffer.from(await response.arrayBuffer());
      if (!tab.dead) kept.get(name)?.set(keyOf(request), { status: response.status, headers: [...response.headers], bytes });
    },
    async match(request) { return made(kept.get(name)?.get(keyOf(request))); },
    async matchAll() { return [...(kept.get(name)?.values() ?? [])].map(made); },
    async delete(request) { return !tab.dead && Boolean(kept.get(name)?.delete(keyOf(request))); },
    async keys() { return [...(kept.get(name)?.keys() ?? [])].map((url) => ({ url, method: "GET" })); },
    async addAll() {},
    async add() {},
  });
  const made = (entry) => entry && new Response(new Uint8Array(entry.bytes), { status: entry.status, headers: entry.headers });
  return {
    async open(name) { if (tab.dead) return never(); if (!kept.has(name)) kept.set(name, new Map()); return cacheOf(name); },
    async keys() { return [...kept.keys()]; },
    async has(name) { return kept.has(name); },
    async delete(name) { return !tab.dead && kept.delete(name); },
    async match(request) { for (const entries of kept.values()) if (entries.has(keyOf(request))) return made(entries.get(keyOf(request))); return undefined; },
  };
}

export function localStorageOf(tab) {
  const { local } = tab.browser;
  const told = (key, newValue) => {
    for (const other of tab.browser.tabs.values()) if (other !== tab && other.kind === "page") queueMicrotask(() => {
      if (!other.dead) other.scope.dispatchEvent(Object.assign(new Event("storage"), { key, newValue, storageArea: other.global.localStorage }));
    });
  };
  const methods = {
    getItem: (key) => local.get(String(key)) ?? null,
    setItem: (key, value) => { if (!tab.dead) { local.set(String(key), String(value)); told(key, String(value)); } },
    removeItem: (key) => { if (!tab.dead && local.delete(String(key))) told(key, null); },
    clear: () => { if (!tab.dead) { local.clear(); told(null, null); } },
    key: (index) => [...local.keys()][index] ?? null,
  };
  return new Proxy(methods, {
    get: (_, key) => (key === "length" ? local.size : methods[key] ?? local.get(String(key))),
    set: (_, key, value) => { methods.setItem(key, value); return true; },
    deleteProperty: (_, key) => { methods.removeItem(key); return true; },
    has: (_, key) => local.has(String(key)),
    ownKeys: () => [...local.keys()],
    getOwnPropertyDescriptor: (_, key) => (local.has(String(key)) ? { value: local.get(String(key)), enumerable: true, configurable: true } : undefined),
  });
}
