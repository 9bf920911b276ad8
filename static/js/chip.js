// #connection: whether there is a connection and what waits, in words, with the way to the outbox. Never in the way.
(() => {
  const huiyou = self.huiyou;
  const chip = /** @type {HTMLElement} */ (document.getElementById("connection"));
  if (!huiyou.outbox || !chip) return;
  const { english } = huiyou.page;
  const words = english
    ? { online: "Online", offline: "No connection", portal: "The network wants a log-in page", trouble: "Cannot be reached just now", login: "Please log in again" }
    : { online: "在线", offline: "没有网络", portal: "网络要求登录", trouble: "暂时连不上", login: "请重新登录" };
  const link = huiyou.page.make("a", { href: "/outbox" });
  let state = navigator.onLine && document.getElementById("main")?.dataset.missing === undefined ? "online" : "offline";
  let said = "";

  async function show() {
    const entries = await huiyou.outbox.list(await huiyou.account.owner());
    const waiting = entries.filter((/** @type {any} */ entry) => !huiyou.outbox.isFinal(entry));
    const unseen = entries.filter((/** @type {any} */ entry) => ["refused", "not_sent"].includes(entry.state) && !entry.acknowledged);
    const held = waiting.some((/** @type {any} */ entry) => entry.state === "held");
    const now = held ? "login" : state;
    const parts = now === "online" && (waiting.length || unseen.length) ? [] : [words[/** @type {"online"} */ (now)] || words.online];
    if (waiting.length) parts.push(english ? `${waiting.length} waiting` : `${waiting.length} 条待发`);
    if (unseen.length) parts.push(english ? `${unseen.length} need you` : `${unseen.length} 条要您处理`);
    const sentence = parts.join(" · ");
    if (sentence === said) return;
    said = link.textContent = sentence;
    link.href = now === "login" && !waiting.length ? `/login?next=${encodeURIComponent(huiyou.page.url())}` : "/outbox";
    if (!link.isConnected) chip.replaceChildren(link);
    chip.hidden = false;
    chip.dataset.state = now === "online" ? (parts.length && !parts.includes(words.online) ? "waiting" : "online") : now;
  }

  const showSafely = () => show().catch(() => {});
  huiyou.on("entries", showSafely);
  huiyou.on("connection", (/** @type {{state: string}} */ news) => {
    state = news.state === "limited" ? "online" : news.state;
    showSafely();
  });
  huiyou.on("synced", () => {
    state = "online";
    showSafely();
  });
  addEventListener("offline", () => {
    state = "offline";
    showSafely();
  });
  addEventListener("online", () => {
    if (state === "offline") state = "online";
    showSafely();
  });
  addEventListener("pageshow", showSafely);
})();
