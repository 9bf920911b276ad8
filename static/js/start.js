// What happens when a page opens: whose it is, the worker, what waits is sent, and the phone's set is brought up to date.
(() => {
  const root = document.documentElement;
  const { account, sender, store, sync } = huiyou;
  /** Whether the person has asked for the new release that waits. */
  let updating = false;

  /** A page of somebody who has left shows nothing, wherever it comes back from. */
  function compare() {
    const marked = account.marked();
    const mine = account.current();
    if (!mine || marked === null || marked === mine) return;
    if (root.hasAttribute("data-settled")) {
      document.body.replaceChildren();
      location.replace("/");
    }
  }

  /** A page that only says where to go instead. */
  function follow() {
    const go = document.getElementById("main")?.dataset.go;
    if (go) location.replace(go);
  }

  async function settle() {
    if (!account.current() && await store.get("account")) await huiyou.call("/shell").catch(() => {});
    const main = document.getElementById("main");
    const other = main?.dataset.account;
    if (other) {
      await store.set("unsettled", true);
      return location.reload();
    }
    if (other === "") huiyou.tell("connection", { state: "login" });
    else if (!main?.dataset.asOf) await account.adopt(account.current());
    root.dataset.settled = "";
  }

  async function register() {
    if (!navigator.serviceWorker) return;
    const policy = window.trustedTypes?.createPolicy("huiyou-worker", { createScriptURL: () => "/sw.js" });
    const script = policy ? policy.createScriptURL("") : "/sw.js";
    const registration = await navigator.serviceWorker.register(/** @type {string} */ (script), { updateViaCache: "none" });
    const offer = () => registration.waiting && navigator.serviceWorker.controller && huiyou.tell("update");
    registration.addEventListener("updatefound", () => registration.installing?.addEventListener("statechange", offer));
    offer();
    if (registration.waiting) quietly(registration.waiting);
    navigator.serviceWorker.addEventListener("controllerchange", () => updating ? location.reload() : sync.run({ force: true }));
    // A page that was on its way while the worker began is not claimed by itself.
    navigator.serviceWorker.ready.then(({ active }) => navigator.serviceWorker.controller || active?.postMessage("claim"));
    huiyou.update = () => {
      updating = true;
      registration.waiting?.postMessage("update");
    };
  }

  /** Nothing is typed in any tab, and nothing is being sent: the new release takes over unasked. @param {ServiceWorker} waiting */
  function quietly(waiting) {
    huiyou.alone("typing", () => huiyou.alone("outbox", async () => waiting.postMessage("update")));
  }

  /** From the first letter typed into a form until the page is left. */
  function typing() {
    navigator.locks?.request("huiyou-typing", { mode: "shared" }, () => new Promise(() => {})).catch(() => {});
  }

  /** How long to wait before asking for what is new: at the briefing's minute all phones open at once. */
  function patience() {
    const [hour, minute] = (root.dataset.rush || "").split(":").map(Number);
    const there = huiyou.wall(new Date());
    const since = 60 * (there.hour - hour) + there.minute - minute;
    return Math.random() * (since >= 0 && since < 5 ? 20_000 : 500);
  }

  /** @param {number} waiting how many things were not sent */
  function gone(waiting) {
    if (huiyou.page.english) return `You have been logged out from elsewhere.${waiting ? ` ${waiting} ${waiting === 1 ? "thing has" : "things have"} not been sent: kept for you on this phone until you log in again.` : ""}`;
    return `您的登录已在别处结束。${waiting ? `有 ${waiting} 条没发出，替您留在这部手机上，重新登录后再发。` : ""}`;
  }

  compare();
  follow();
  document.addEventListener("input", typing, { once: true });
  addEventListener("pageshow", compare);
  huiyou.on("ended", async () => {
    const mine = account.current();
    if (!mine) return;
    document.body.replaceChildren();
    const { length } = await huiyou.outbox.waiting(mine).catch(() => []);
    huiyou.page.go("/login", gone(length), "wait");
  });
  addEventListener("storage", (event) => event.key === "account" && compare());
  settle()
    .then(() => sender.send({ reason: "open" }))
    .then(() => huiyou.outbox.sweep())
    .then(() => setTimeout(() => sync.run(), patience()))
    .catch(() => {});
  addEventListener("load", () => register().catch(() => {}));
})();
