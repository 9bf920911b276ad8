// What the shell cannot know of the page inside it: which tab is open, how many notices are unread, how old the page is.
(() => {
  const { huiyou } = self;
  const { english, make } = huiyou.page;

  function mark() {
    const main = document.getElementById("main");
    if (!main || main.dataset.tab === undefined) return;
    const { tab } = main.dataset;
    for (const link of document.querySelectorAll("a[data-tab]")) {
      if (link.getAttribute("data-tab") === tab) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  /** @param {{unread?: number}} [counts] */
  function count(counts) {
    const badge = /** @type {HTMLElement | null} */ (document.querySelector("[data-unread]"));
    if (!badge || typeof counts?.unread !== "number") return;
    badge.hidden = !counts.unread;
    badge.textContent = String(Math.min(99, counts.unread));
    const bell = badge.closest("a");
    bell?.setAttribute("aria-label", english ? `Notices, ${counts.unread} unread` : `通知，${counts.unread} 条未读`);
  }

  /** @param {string} instant */
  function said(instant) {
    const [at, now] = [huiyou.wall(new Date(instant)), huiyou.wall(new Date())];
    const today = at.year === now.year && at.month === now.month && at.day === now.day;
    return today ? at.time : `${english ? `${at.day}/${at.month}` : `${at.month}月${at.day}日`} ${at.time}`;
  }

  function age() {
    const main = document.getElementById("main");
    if (!main?.dataset.asOf || main.querySelector(":scope > .age")) return;
    const time = said(main.dataset.asOf);
    main.prepend(make("p", { className: "age" }, make("span", {}, english ? `As of ${time}, from this phone` : `${time} 的内容（手机上保存的）`)));
  }

  /** A newer copy of this page lies on the phone. */
  function offer() {
    const line = document.querySelector("#main > .age");
    if (!line || line.querySelector("button")) return;
    const button = make("button", { type: "button", className: "link" }, english ? "There is something new: refresh" : "有新内容 · 刷新");
    button.addEventListener("click", async () => {
      const kept = await huiyou.pages.read(huiyou.page.url());
      if (kept) await huiyou.page.swap(kept.html);
      else location.reload();
    });
    line.append(" ", button);
  }

  function all() {
    mark();
    age();
  }
  all();
  document.addEventListener("htmx:after:swap", all);
  huiyou.on?.("page", (/** @type {{url: string}} */ { url }) => url === huiyou.page.url() && offer());
  huiyou.on?.("synced", (/** @type {any} */ { counts }) => count(counts));
  addEventListener("pageshow", () => huiyou.store?.get("counts").then(count, () => {}));
})();
