// Phones without a browser: the real engine files, run in contexts of their own over a database, locks, channels and
// caches that outlive a killed tab. Whoever drives this by JSON lines (tests/offline/phones.py) is clock, network and person.
//
// A command comes in as one line; it is carried out, everything runs until nothing moves any more, and one line goes
// out: {value | error, events: [...]}. Events: {fetch, browser, tab, method, url, headers, body, redirect},
// {aborted: fetch}, {run, value | error}, {decided: op_id, state}, {ended: browser}, {fault}, {console}. Any command may say `killAfter`: so many turns of the loop
// after it was begun its tab is killed, wherever it is by then.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import vm from "node:vm";
import { IDBFactory, IDBKeyRange } from "fake-indexeddb";

const STATIC = resolve(dirname(fileURLToPath(import.meta.url)), "../../static");
const ORIGIN = "http://127.0.0.1:1118";
const QUIET_ROUNDS = 8;
const files = process.env.HUIYOU_ENGINE?.split(",") ?? JSON.parse(readFileSync(`${STATIC}/assets.json`, "utf8"))["engine.js"];
const scriptOf = (file) => new vm.Script(readFileSync(resolve(STATIC, file), "utf8"), { filename: file });
const scripts = { worker: files.map(scriptOf), page: [...files, "js/aside.js", "js/moments.js"].map(scriptOf) };

/** What all that runs shares: the true time, and how much is under way that the loop cannot see. */
const world = { now: Date.UTC(2026, 10, 21, 2), busy: 0, events: [], fetches: new Map(), nextFetch: 1, nextTimer: 1, luck: 1118 };
/** @type {Map<string, ReturnType<typeof newBrowser>>} */
let browsers = new Map();

function newBrowser(name) {
  return {
    name, factory: new IDBFactory(), skew: 0, online: true, tabs: new Map(), local: new Map(), caches: new Map(), locks: new Map(),
    channels: new Set(), quota: Infinity,
  };
}

// ——— one tab or worker ———

/** Never comes: what a dead tab waits for. */
const never = () => new Promise(() => {});

function openTab(browser, name, { account = "", kind = "page", release = "1.0.0" }) {
  const tab = { name, browser, kind, dead: false, timers: new Map(), transactions: new Set(), databases: new Set(), granted: new Set() };
  const scope = new EventTarget();
  const global = {};
  tab.global = global;
  tab.scope = scope;
  Object.assign(global, {
    console: Object.fromEntries(["log", "info", "warn", "error", "debug"].map((level) => [level, (...said) => {
      if (!tab.dead) world.events.push({ console: level, browser: browser.name, tab: name, said: said.map(worded) });
    }])),
    indexedDB: factoryOf(tab), IDBKeyRange, crypto: countedCrypto(), structuredClone, TextEncoder, TextDecoder, TextDecoderStream,
    ReadableStream, TransformStream, Response, Request, Headers, URL, URLSearchParams, AbortController, AbortSignal: signalsOf(tab),
    Event, CustomEvent, EventTarget, DOMException, Blob, FormData, queueMicrotask, btoa, atob, DecompressionStream, CompressionStream,
    setTimeout: (fn, ms = 0, ...args) => setTimer(tab, fn, ms, args, false), clearTimeout: (id) => tab.timers.delete(id),
    setInterval: (fn, ms = 0, ...args) => setTimer(tab, fn, ms, args, true), clearInterval: (id) => tab.timers.delete(id),
    requestIdleCallback: (fn) => setTimer(tab, fn, 1, [{ timeRemaining: () => 10, didTimeout: false }], false),
    requestAnimationFrame: (fn) => setTimer(tab, fn, 16, [world.now], false),
    fetch: (input, init) => fetchOf(tab, input, init), BroadcastChannel: channelsOf(tab), caches: cachesOf(tab),
    performance: { now: () => world.now, timeOrigin: 0, mark() {}, measure() {} },
    location: new URL(`${ORIGIN}/`), origin: ORIGIN, isSecureContext: true,
    addEventListener: (...args) => scope.addEventListener(...args), removeEventListener: (...args) => scope.removeEventListener(...args),
    dispatchEvent: (event) => scope.dispatchEvent(event),
    navigator: {
      get onLine() { return browser.online; }, locks: locksOf(tab), userAgent: "Phone", language: "zh-CN",
      serviceWorker: kind === "page" ? { controller: {}, ready: never(), addEventListener() {}, register: never, getRegistration: async () => undefined } : undefined,
      storage: {
        persist: async () => true, persisted: async () => true,
        estimate: async () => ({ usage: 0, quota: Number.isFinite(browser.quota) ? browser.quota : 1e9 }),
      },
    },
  });
  global.self = global;
  if (kind === "page") {
    global.window = global;
    global.document = documentOf(account, release);
    global.localStorage = localStorageOf(tab);
  } else {
    global.registration = { scope: `${ORIGIN}/`, active: {}, sync: { register: async () => {} } };
    global.clients = { matchAll: async () => [], claim: async () => {} };
    global.skipWaiting = async () => {};
    global.RELEASE = release;
    global.ASSETS = [];
  }
  vm.createContext(global);
  global.Math = Object.defineProperties(Object.create(Math), { random: { value: chance } });
  global.__now = () => world.now + browser.skew;
  vm.runInContext(`globalThis.Date = class extends Date {
    constructor(...given) { if (given.length) super(...given); else super(__now()); }
    static now() { return __now(); }
  };`, global);
  browser.tabs.set(name, tab);
  for (const script of scripts[kind]) script.runInContext(global);
  return tab;
}

/** The same run of luck in each run (mulberry32). */
function chance() {
  world.luck = (world.luck + 0x6d2b79f5) | 0;
  let mixed = Math.imul(world.luck ^ (world.luck >>> 15), 1 | world.luck);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
}

function documentOf(account, release) {
  const document = new EventTarget();
  const nothing = { querySelector: () => null, querySelectorAll: () => [] };
  return Object.assign(document, nothing, {
    visibilityState: "visible", hidden: false, readyState: "complete", title: "", body: null, head: null, cookie: "",
    documentElement: { dataset: { account, release }, lang: "zh-CN", ...nothing }, getElementById: () => null, hasFocus: () => true,
  });
}

function killTab(tab) {
  tab.dead = true;
  tab.timers.clear();
  for (const transaction of tab.transactions) try { transaction.abort(); } catch {}
  for (const database of tab.databases) try { database.close(); } catch {}
  for (const channel of tab.browser.channels) if (channel.tab === tab) tab.browser.channels.delete(channel);
  for (const [number, request] of world.fetches) if (request.tab === tab) {
    world.fetches.delete(number);
    world.events.push({ aborted: number });
  }
  tab.browser.tabs.delete(tab.name);
  for (const grant of tab.granted) grant.release();
  for (const lock of tab.browser.locks.values()) lock.queue = lock.queue.filter((wish) => wish.tab !== tab);
}

const worded = (thing) => (thing instanceof Error || thing?.stack ? String(thing.stack) : typeof thing === "string" ? thing : safeJSON(thing));
const safeJSON = (thing) => { try { return JSON.stringify(thing); } catch { return String(thing); } };

// ——— IndexedDB: shared by the tabs of a browser; what a dead tab had begun is taken back ———

function factoryOf(tab) {
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

function countedCrypto() {
  const counted = (name) => async (...args) => {
    world.busy++;
    try { return await crypto.subtle[name](...args); } finally { world.busy--; }
  };
  const names = ["encrypt", "decrypt", "generateKey", "digest", "importKey", "exportKey", "sign", "verify", "deriveKey", "deriveBits"];
  return {
    getRandomValues: (array) => crypto.getRandomValues(array), randomUUID: () => crypto.randomUUID(),
    subtle: Object.fromEntries(names.map((name) => [name, counted(name)])),
  };
}

// ——— time ———

function setTimer(tab, fn, ms, args, again) {
  if (tab.dead) return 0;
  const id = world.nextTimer++;
  tab.timers.set(id, { id, at: world.now + Math.max(1, Number(ms) || 0), every: again ? Math.max(1, Number(ms) || 0) : 0, fn, args });
  return id;
}

function signalsOf(tab) {
  return Object.assign(Object.create(AbortSignal), {
    timeout(ms) {
      const controller = new AbortController();
      setTimer(tab, () => controller.abort(new DOMException("too late", "TimeoutError")), ms, [], false);
      return controller.signal;
    },
    any: AbortSignal.any?.bind(AbortSignal), abort: AbortSignal.abort.bind(AbortSignal),
  });
}

async function tick(ms) {
  const until = world.now + ms;
  for (;;) {
    let next = null;
    for (const browser of browsers.values()) for (const tab of browser.tabs.values()) for (const timer of tab.timers.values()) {
      if (timer.at <= until && (!next || timer.at < next.timer.at || (timer.at === next.timer.at && timer.id < next.timer.id))) next = { tab, timer };
    }
    if (!next) break;
    world.now = Math.max(world.now, next.timer.at);
    if (next.timer.every) next.timer.at += next.timer.every;
    else next.tab.timers.delete(next.timer.id);
    try { next.timer.fn(...next.timer.args); } catch (error) { world.events.push({ fault: worded(error) }); }
    await settle();
    if (world.fetches.size && world.events.some((event) => event.fetch)) { world.left = until - world.now; return; } // the network speaks first
  }
  world.now = until;
  world.left = 0;
}

/** Let everything run until nothing moves any more. */
async function settle() {
  for (let quiet = 0; quiet < QUIET_ROUNDS; quiet++) {
    await new Promise(setImmediate);
    if (world.busy) quiet = -1;
  }
}

// ——— network ———

async function fetchOf(tab, input, init = {}) {
  if (tab.dead) return never();
  const request = typeof input === "string" || input instanceof URL ? null : input;
  const signal = init.signal ?? request?.signal;
  if (signal?.aborted) throw signal.reason;
  const headers = Object.fromEntries(new Headers(init.headers ?? request?.headers ?? {}));
  let body = init.body ?? (request?.body ? await request.text() : null);
  if (body instanceof Blob) body = await body.text();
  else if (body && typeof body !== "string") body = body instanceof URLSearchParams ? String(body) : Buffer.from(body).toString();
  const number = world.nextFetch++;
  return new Promise((answer, fail) => {
    world.fetches.set(number, { tab, answer, fail, redirect: init.redirect ?? request?.redirect ?? "follow" });
    world.events.push({
      fetch: number, browser: tab.browser.name, tab: tab.name, method: init.method ?? request?.method ?? "GET",
      url: String(new URL(request?.url ?? String(input), ORIGIN)).slice(ORIGIN.length), headers, body, redirect: init.redirect ?? "follow",
    });
    signal?.addEventListener("abort", () => {
      if (!world.fetches.delete(number)) return;
      world.events.push({ aborted: number });
      fail(signal.reason);
    });
  });
}

function answerFetch({ fetch: number, status, headers, body, cut }) {
  const request = world.fetches.get(number);
  if (!request) return false;
  world.fetches.delete(number);
  if (status >= 300 && status < 400 && status !== 304 && request.redirect === "error") {
    request.fail(new TypeError("redirected"));
    return true;
  }
  const bytes = Buffer.from(body ?? "", "base64");
  const whole = cut == null ? bytes : bytes.subarray(0, cut);
  const stream = new ReadableStream({
    start(controller) {
      if (whole.length) controller.enqueue(new Uint8Array(whole));
      if (cut == null) controller.close();
      else controller.error(new TypeError("network error"));
    },
  });
  const opaque = status >= 300 && status < 400 && status !== 304;
  const response = new Response([101, 204, 205, 304].includes(status) || opaque ? null : stream, { status: opaque ? 200 : status, headers: opaque ? {} : headers });
  if (opaque) Object.defineProperties(response, { status: { value: 0 }, ok: { value: false }, type: { value: "opaqueredirect" } });
  request.answer(response);
  return true;
}

// ——— what tabs of one browser share: locks, channels, caches, localStorage ———

function locksOf(tab) {
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

function channelsOf(tab) {
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

function cachesOf(tab) {
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

function localStorageOf(tab) {
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

// ——— commands ———

const tabOf = ({ browser, tab }) => browsers.get(browser)?.tabs.get(tab);

const commands = {
  reset({ now }) {
    for (const browser of browsers.values()) for (const tab of [...browser.tabs.values()]) killTab(tab);
    browsers = new Map();
    world.fetches.clear();
    world.events = [];
    world.luck = 1118;
    if (now) world.now = now;
  },
  open(given) {
    if (!browsers.has(given.browser)) browsers.set(given.browser, newBrowser(given.browser));
    openTab(browsers.get(given.browser), given.tab, given);
  },
  kill: (given) => { const tab = tabOf(given); if (tab) killTab(tab); },
  /** Evaluate in a tab; the result comes as an event of its own, now or later. */
  run(given) {
    const tab = tabOf(given);
    if (!tab) return; // it was killed in the midst of what was asked of it before
    const { run } = given;
    let result;
    try { result = vm.runInContext(`(async () => (${given.code}))()`, tab.global); } catch (error) { result = Promise.reject(error); }
    result.then(
      (value) => { if (!tab.dead) world.events.push({ run, value: value === undefined ? null : JSON.parse(safeJSON(value) ?? "null") }); },
      (error) => { if (!tab.dead) world.events.push({ run, error: worded(error) }); },
    );
  },
  event(given) {
    const tab = tabOf(given);
    if (!tab) return;
    const target = given.target === "document" ? tab.global.document : tab.scope;
    if (given.visible !== undefined) Object.assign(tab.global.document, { visibilityState: given.visible ? "visible" : "hidden", hidden: !given.visible });
    target?.dispatchEvent(new Event(given.type));
  },
  online({ browser, value }) {
    browsers.get(browser).online = value;
    for (const tab of browsers.get(browser).tabs.values()) tab.scope.dispatchEvent(new Event(value ? "online" : "offline"));
  },
  skew({ browser, ms }) { browsers.get(browser).skew = ms; },
  set({ browser, name, value }) { browsers.get(browser)[name] = value; },
  async tick({ ms }) { await tick(ms); return { left: world.left, now: world.now }; },
  answer: (given) => answerFetch(given),
  fail({ fetch: number }) {
    const request = world.fetches.get(number);
    world.fetches.delete(number);
    request?.fail(new TypeError("Failed to fetch"));
  },
  /** Drop everything that a browser stores, as it does when there is no room. */
  evict({ browser: name }) {
    const browser = browsers.get(name);
    for (const tab of [...browser.tabs.values()]) killTab(tab);
    browsers.set(name, { ...newBrowser(name), skew: browser.skew, online: browser.online });
  },
  settle() {},
};

process.on("unhandledRejection", (error) => world.events.push({ fault: worded(error) }));
process.on("uncaughtException", (error) => world.events.push({ fault: worded(error) }));

const input = createInterface({ input: process.stdin, crlfDelay: Infinity });
for await (const line of input) {
  const given = JSON.parse(line);
  const answer = {};
  try {
    answer.value = (await commands[given.do](given)) ?? null;
    if (given.killAfter != null) {
      for (let round = 0; round < given.killAfter; round++) await new Promise(setImmediate);
      commands.kill(given);
    }
    await settle();
  } catch (error) {
    answer.error = worded(error);
  }
  answer.events = world.events;
  world.events = [];
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
