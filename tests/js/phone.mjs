// Phones without a browser: the real engine files, run in contexts of their own over a database, locks, channels and
// caches that outlive a killed tab. Whoever drives this by JSON lines (tests/offline/phones.py) is clock, network and person.
//
// A command comes in as one line; it is carried out, everything runs until nothing moves any more, and one line goes
// out: {value | error, events: [...]}. Events: {fetch, browser, tab, method, url, headers, body, redirect},
// {aborted: fetch}, {run, value | error}, {decided: op_id, state}, {ended: browser}, {fault}, {console}. Any command may
// say `killAfter`: so many turns of the loop after it was begun its tab is killed, wherever it is by then.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import vm from "node:vm";
import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import { cachesOf, channelsOf, factoryOf, localStorageOf, locksOf } from "./kept.mjs";
import { answerFetch, fetchOf } from "./wire.mjs";
import { ORIGIN, never, safeJSON, settle, worded, world } from "./world.mjs";

const STATIC = resolve(dirname(fileURLToPath(import.meta.url)), "../../static");
const files = process.env.HUIYOU_ENGINE?.split(",") ?? JSON.parse(readFileSync(`${STATIC}/assets.json`, "utf8"))["engine.js"];
const scriptOf = (file) => new vm.Script(readFileSync(resolve(STATIC, file), "utf8"), { filename: file });
const scripts = { worker: files.map(scriptOf), page: [...files, "js/aside.js", "js/moments.js"].map(scriptOf) };

/** @type {Map<string, ReturnType<typeof newBrowser>>} */
let browsers = new Map();

function newBrowser(name) {
  return {
    name, factory: new IDBFactory(), skew: 0, online: true, tabs: new Map(), local: new Map(), caches: new Map(), locks: new Map(),
    channels: new Set(), quota: Infinity,
  };
}

// ——— one tab or worker ———

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
