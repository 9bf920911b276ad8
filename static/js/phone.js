// [data-phone]: what lies on this phone, by kind, with its age and size; bringing it up to date, and searching in it.
(() => {
  const { huiyou } = self;
  const { page, pages, search, store } = huiyou;
  const { english, make } = page;
  const part = /** @type {HTMLElement | null} */ (document.querySelector("[data-phone]"));
  if (!pages || !part) return;
  const words = english
    ? {
      missing: "This page is not on this phone, and there is no connection. What is here can be opened:", search: "Search on this phone", hint: "Chinese, pinyin, initials",
      total: (/** @type {number} */ n, /** @type {string} */ size) => `${n} pages, ${size}`, room: (/** @type {string} */ size) => `Room for ${size} more`, synced: "Last brought up to date", never: "Not brought up to date yet",
      sync: "Update now", progress: (/** @type {number} */ done, /** @type {number | undefined} */ total) => total ? `${done} of ${total} pages` : `${done} pages`, busy: "Fetching…", ok: "Up to date.", failed: "There is no connection. What arrived stays; it goes on from there.", no: "This browser keeps no pages for later. Open Huiyou in the phone's own browser.",
      safe: "The phone has promised to keep this.", loose: "When the phone is short of space, or if you do not come for weeks, it may clear this away, with what has not been sent. On the home screen it usually stays.",
      found: (/** @type {number} */ n) => n ? `${n} found` : "Nothing like it on this phone.", none: "Nothing is on this phone yet. It is fetched as soon as there is a connection.",
    }
    : {
      missing: "没有网络，您要的那一页不在这部手机上。下面这些打得开：", search: "在这部手机里找", hint: "汉字、拼音、拼音首字母都行",
      total: (/** @type {number} */ n, /** @type {string} */ size) => `${n} 页，${size}`, room: (/** @type {string} */ size) => `还放得下 ${size}`, synced: "上次同步", never: "还没有同步过",
      sync: "现在同步", progress: (/** @type {number} */ done, /** @type {number | undefined} */ total) => total ? `已取 ${done} 页，共 ${total} 页` : `已取 ${done} 页`, busy: "正在取……", ok: "都是最新的了。", failed: "没有连上。取到的都留着，下次接着取。", no: "这个浏览器不替您存页面。请用手机自带的浏览器打开会友。",
      safe: "手机答应不清掉这些。", loose: "手机空间紧张，或者好几周没打开时，手机可能把这些清掉，连同还没发出的。放到手机桌面上，一般就不会。",
      found: (/** @type {number} */ n) => n ? `找到 ${n} 页` : "这部手机上没有这样的内容。", none: "这部手机上还没有内容。有网络时会自动取来。",
    };
  /** @type {[RegExp, string, string][]} */
  const KINDS = [
    [/^\/$/, "今日", "Today"], [/^\/needs/, "需求与资源", "Needs and offers"], [/^\/events/, "活动", "Events"], [/^\/briefings/, "简报", "Briefings"],
    [/^\/(experts|consultations)/, "专家与咨询", "Experts and consultations"], [/^\/(me|members|notices|outbox|register)/, "我的", "Mine"], [/./, "其他", "Other"],
  ];

  /** @param {number} bytes */
  const size = (bytes) => bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} KB` : bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
  /** @param {string | number} instant */
  const time = (instant) => make("time", { dateTime: new Date(instant).toISOString(), data: { when: "ago" } }, new Date(instant).toISOString().slice(0, 10));
  /** @param {string} text @param {number[] | null | undefined} range @returns {(Node | string)[]} */
  const marked = (text, range) => range ? [text.slice(0, range[0]), make("mark", {}, text.slice(...range)), text.slice(range[1])] : [text];

  const says = make("p", { role: "status" });
  const facts = make("div", { className: "phone-facts" });
  const list = make("div");
  const field = make("input", { type: "search", id: "phone-q", maxLength: 60, autocomplete: "off", placeholder: words.hint });
  const found = make("p", { className: "hint", role: "status" });
  const sync = make("button", { type: "button", className: "button" }, words.sync);
  part.replaceChildren(
    make("div", { className: "field" }, make("div", { className: "field-head" }, make("label", { htmlFor: "phone-q" }, words.search)), field), found, list,
    make("section", { className: "section" }, facts, make("p", { className: "actions" }, sync), says));
  const main = document.getElementById("main");
  if (main?.dataset.missing !== undefined && !main.querySelector(".missing")) main.prepend(make("p", { className: "box wait missing" }, words.missing));

  /** @typedef {{url: string, title: string, as_of: string, size: number}} Kept */
  /** @type {Kept[]} */
  let kept = [];

  /** @param {Kept} each */
  const row = (each) => make("li", {}, make("a", { className: "row", href: each.url }, make("span", { className: "row-title" }, each.title || each.url), " ",
    make("span", { className: "row-meta" }, time(each.as_of), ` · ${size(each.size)}`)));

  function showKinds() {
    const rest = new Set(kept);
    const groups = KINDS.map(([pattern, zh, en]) => {
      const own = [...rest].filter(({ url }) => pattern.test(url));
      own.forEach((each) => rest.delete(each));
      return own.length && make("details", { className: "kind" }, make("summary", {}, make("b", {}, english ? en : zh), ` ${own.length}`), make("ul", { className: "list" }, ...own.map(row)));
    });
    list.replaceChildren(...groups.filter(Boolean), ...kept.length ? [] : [make("p", { className: "empty" }, words.none)]);
    document.dispatchEvent(new CustomEvent("huiyou:shown"));
  }

  async function show() {
    const known = Promise.all([store.get("synced_at"), navigator.storage?.estimate?.(), navigator.storage?.persisted?.()]);
    kept = (await pages.list()).filter((/** @type {Kept} */ each) => each.url !== "/offline").sort((/** @type {Kept} */ a, /** @type {Kept} */ b) => b.as_of.localeCompare(a.as_of));
    finder = null;
    if (field.value) await find();
    else showKinds();
    const [synced, estimate, safe] = await known;
    const bytes = kept.reduce((sum, each) => sum + each.size, 0);
    facts.replaceChildren(
      make("p", {}, make("b", {}, words.total(kept.length, size(bytes))), estimate?.quota ? `${english ? ". " : "。"}${words.room(size(estimate.quota - (estimate.usage || 0)))}${english ? "." : "。"}` : ""),
      make("p", {}, synced ? `${words.synced} ` : words.never, ...synced ? [time(synced)] : []),
      make("p", { className: "hint" }, safe ? words.safe : words.loose));
    document.dispatchEvent(new CustomEvent("huiyou:shown"));
  }

  /** @type {Promise<(query: string) => any[]> | null} */
  let finder = null;
  const ready = () => finder ||= (async () => {
    const table = part.dataset.pinyin ? await fetch(part.dataset.pinyin).then((response) => response.json()).catch(() => ({})) : {};
    const texts = await Promise.all(kept.filter(({ url }) => !/\/(edit|new)$/.test(url)).map(async ({ url, title }) => ({ url, title, text: search.textOf((await pages.read(url))?.html || "") })));
    return search.index(texts, table);
  })();

  async function find() {
    const query = field.value.trim();
    found.textContent = "";
    if (!query) return showKinds();
    const hits = (await ready())(query);
    if (query !== field.value.trim()) return;
    found.textContent = words.found(hits.length);
    list.replaceChildren(make("ul", { className: "list found" }, ...hits.map((/** @type {any} */ hit) => make("li", {}, make("a", { className: "row", href: hit.url },
      make("span", { className: "row-title" }, ...marked(hit.title, hit.titleRange)),
      ...hit.excerpt ? [make("span", { className: "row-meta" }, ...marked(hit.excerpt.text, hit.excerpt.range))] : [])))));
  }

  field.addEventListener("focus", () => ready().catch(() => {}));
  field.addEventListener("input", () => find().catch(() => {}));
  sync.addEventListener("click", async () => {
    sync.setAttribute("aria-busy", "true");
    says.textContent = words.busy;
    const how = await huiyou.sync.run({ force: true }).catch(() => "none");
    sync.removeAttribute("aria-busy");
    says.textContent = { synced: words.ok, fresh: words.ok, "no worker": words.no }[/** @type {"synced"} */ (how)] || words.failed;
    await show();
  });
  huiyou.on("progress", (/** @type {{done: number, total?: number}} */ { done, total }) => { says.textContent = words.progress(done, total); });
  huiyou.on("synced", () => show().catch(() => {}));
  show().catch(() => {});
})();
