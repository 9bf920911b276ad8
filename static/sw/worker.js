// The worker: a navigation is answered with the shell at once, and with the page from the network, or from this phone.
// The served script names RELEASE and ASSETS, and loads the engine, before this.
(() => {
  const { huiyou } = self;
  const { pages, store } = huiyou;
  const worker = /** @type {any} */ (self);
  const PATIENCE_MS = 1500;
  const DEADLINE_MS = 20_000;
  /** The first screen is painted before the rest comes. */
  const SCREEN = 8000;
  const HELD_MS = 500;
  const HOLE = "<!--main-->";
  const assetsName = `assets-${RELEASE}`;
  let english = !/^zh/.test(navigator.language || "zh");
  /** @type {Set<(_: any) => void>} */
  const held = new Set();

  /** @param {number} ms @returns {Promise<null>} */
  const after = (ms) => new Promise((resolve) => setTimeout(() => resolve(null), ms));
  /** @param {string} text */
  const escaped = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

  worker.addEventListener("install", (/** @type {any} */ event) => event.waitUntil(install()));

  async function install() {
    const cache = await caches.open(assetsName);
    await cache.addAll(ASSETS);
    const account = await store.get("account");
    if (!await pages.renewShell(account) && account === undefined) throw new Error("The shell did not come from the application.");
  }

  worker.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(activate()));

  /** The last release's assets stay, for open pages. */
  async function activate() {
    await worker.registration.navigationPreload?.enable();
    await worker.registration.navigationPreload?.setHeaderValue("fragment");
    const [current, previous] = await store.get("releases") || [];
    const kept = current === assetsName ? [current, previous] : [assetsName, current];
    await store.set("releases", kept);
    for (const name of await caches.keys()) if (name.startsWith("assets-") && !kept.includes(name)) await caches.delete(name);
    await worker.clients.claim();
  }

  worker.addEventListener("message", (/** @type {any} */ event) => {
    if (event.data === "update") worker.skipWaiting();
    if (event.data === "painted") held.forEach((go) => go(held.clear()));
    if (event.data === "claim") event.waitUntil(worker.clients.claim());
  });

  worker.addEventListener("sync", (/** @type {any} */ event) => event.waitUntil(huiyou.sender.send({ reason: "now" })));

  worker.addEventListener("fetch", (/** @type {any} */ event) => {
    const { request } = event;
    const url = new URL(request.url);
    if (url.origin !== location.origin) return;
    if (request.mode !== "navigate") {
      if (request.method === "GET" && url.pathname.startsWith("/static/")) event.respondWith(caches.match(request).then((kept) => kept || fetch(request)));
    } else if (request.method !== "GET") event.waitUntil(store.set("unsettled", true));
    else if (/\.\w+$|^\/me\/export$/.test(url.pathname)) event.respondWith(Promise.resolve(event.preloadResponse).then((file) => file || fetch(request)));
    else {
      const network = fromNetwork(event, url.pathname + url.search);
      const stored = network.then(keep).catch(() => {});
      event.waitUntil(stored);
      event.respondWith(navigate(event, url.pathname + url.search, network, stored));
    }
  });

  /** @param {any} event @param {string} url @param {Promise<Answer | null>} network @param {Promise<any>} stored */
  async function navigate(event, url, network, stored) {
    try {
      const known = Object.fromEntries((await store.readAll("meta")).map(({ key, value }) => [key, value]));
      const { tombstone, account = "", unsettled } = known;
      english = known.english ?? english;
      if (tombstone && !await huiyou.account.bury()) return left();
      const kept = read(url, account);
      const shell = tombstone || unsettled ? undefined : await pages.shell(account);
      if (!shell) return await whole(event.request);
      const [head, foot] = (await shell.text()).split(HOLE);
      const encoder = new TextEncoder();
      const body = new ReadableStream({
        async start(stream) {
          const send = (/** @type {string} */ part) => stream.enqueue(encoder.encode(part));
          send(head);
          const painted = new Promise((resolve) => held.add(resolve));
          const main = await fragment(url, account, network, stored, kept).catch(nothing);
          const fold = main.lastIndexOf("<", SCREEN);
          send(main.slice(0, fold));
          await Promise.race([painted, after(HELD_MS)]);
          send(main.slice(fold) + foot);
          stream.close();
        },
      });
      return new Response(body, { headers: shell.headers });
    } catch {
      return whole(event.request);
    }
  }

  /** What the network says, if it is the application that says it. @param {any} event @param {string} url @returns {Promise<Answer | null>} */
  function fromNetwork(event, url) {
    return huiyou.within(DEADLINE_MS, async (signal) => {
      const response = await event.preloadResponse || await huiyou.call(url, undefined, { headers: { Fragment: "main" }, signal });
      await huiyou.heed(response);
      const { headers, status } = response;
      if (!huiyou.ours(response) || !(headers.has("Fragment-Title") || headers.has("Fragment-Location"))) return null;
      const title = decodeURIComponent(headers.get("Fragment-Title") || "");
      const etag = /[0-9a-f]{8}/.exec(headers.get("ETag") || "")?.[0] || "";
      const page = { url, etag, title, html: await response.text(), as_of: new Date().toISOString() };
      return { page, status, account: headers.get("Account") || "", location: headers.get("Fragment-Location") };
    }).catch(() => null);
  }

  /** A page on this phone, if need be without its query. @param {string} url @param {string} account */
  const read = async (url, account) => await pages.read(url, account) || (url.includes("?") ? pages.read(url.split("?")[0], account) : null);

  /** The inside of the page: from the network if it answers in time, else as it lies on this phone. @param {string} url @param {string} account @param {Promise<Answer | null>} network @param {Promise<any>} stored @param {Promise<PageLine | null>} reading */
  async function fragment(url, account, network, stored, reading) {
    const soon = await Promise.race([network, after(PATIENCE_MS)]);
    if (soon && soon.status < 500) return shown(soon, account);
    const kept = await reading;
    if (kept) {
      stored.then((answer) => answer && answer.etag !== kept.etag && huiyou.tell("page", { url }));
      return kept.html.replace("<main ", `<main data-as-of="${escaped(kept.as_of)}" `);
    }
    const late = soon || await Promise.race([network, after(DEADLINE_MS)]);
    return late ? shown(late, account) : nothing();
  }

  /** @param {Answer | null} answer @returns {Promise<any>} */
  async function keep(answer) {
    if (!answer || answer.status !== 200 || answer.location || answer.account !== (await store.get("account") || "")) return undefined;
    await pages.put(answer.page, answer.account);
    return answer.page;
  }

  /** @param {Answer} answer @param {string} account */
  function shown(answer, account) {
    if (answer.location) {
      const [go, word] = [escaped(answer.location), english ? "Continue" : "继续"];
      return `<main id="main" tabindex="-1" data-title="" data-go="${go}"><p><a class="button primary" href="${go}">${word}</a></p></main>`;
    }
    return answer.account === account ? answer.page.html : answer.page.html.replace("<main ", `<main data-account="${escaped(answer.account)}" `);
  }

  /** What *is* on this phone, for a page that is not. */
  async function nothing() {
    const list = await pages.read("/offline");
    const words = english ? "This page is not on this phone, and there is no connection." : "没有网络，这一页不在这部手机上。";
    if (list) return list.html.replace("<main ", "<main data-missing ");
    return `<main id="main" tabindex="-1" data-title="${words}" data-missing><h1>${words}</h1></main>`;
  }

  /** The whole page from the server, where no kept shell will do. @param {Request} request */
  async function whole(request) {
    try {
      return await fetch(request);
    } catch {
      return bare(english ? "No connection" : "没有网络", english ? "Please try again when there is one." : "有信号时请再打开一次。");
    }
  }

  function left() {
    return bare(english ? "You have logged out" : "已退出", english
      ? "Nothing of yours can be opened on this phone. When there is a connection, open the page again to finish."
      : "这部手机上已经打不开您的内容。有信号时再打开一次，服务器那边也就退出了。");
  }

  /** @param {string} title @param {string} words */
  async function bare(title, words) {
    const css = ASSETS.find((name) => name.endsWith(".css"));
    const html = `<!doctype html><html lang="${english ? "en" : "zh-CN"}"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title><link rel="stylesheet" href="${css}"><body><main id="main" data-bare><h1>${title}</h1><p>${words}</p><p><a class="button primary" href="">${english ? "Try again" : "再试一次"}</a></p></main>`;
    const policy = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'";
    return new Response(html, { status: 503, headers: { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy } });
  }
})();
