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
    navigator.serviceWorker.addEventListener("controllerchange", () => updating ? location.reload() : sync.run({ force: true }));
    huiyou.update = () => {
      updating = true;
      registration.waiting?.postMessage("update");
    };
  }

  compare();
  follow();
  addEventListener("pageshow", compare);
  addEventListener("storage", (event) => event.key === "account" && compare());
  settle()
    .then(() => huiyou.outbox.sweep())
    .then(() => sender.send({ reason: "open" }))
    .then(() => sync.run())
    .catch(() => {});
  sender.start();
  addEventListener("load", () => register().catch(() => {}));
})();
