// Offers at the right moment: the icon on the home screen, once; a new release, when it waits; lasting storage.
(() => {
  const { huiyou } = self;
  const { make, english } = huiyou.page;
  const HINTED = "install-hint";
  const VISITS = "visits";
  const words = english
    ? { hint: "Put Huiyou on the home screen: it opens without a connection, too.", add: "Add it", later: "No, thanks", ios: "Tap the share sign below, then “Add to Home Screen”.", fresh: "There is a new version.", update: "Update" }
    : { hint: "把会友放到手机桌面上：没有信号也打得开。", add: "放到桌面", later: "不用了", ios: "点下面的“分享”，再点“添加到主屏幕”。", fresh: "有新版本。", update: "更新" };
  const installed = matchMedia("(display-mode: standalone)").matches || /** @type {any} */ (navigator).standalone === true;
  const apple = /iPhone|iPad/.test(navigator.userAgent) || (navigator.platform === "MacIntel" && navigator.maxTouchPoints > 1);
  /** @type {any} */
  let prompt = null;

  /** A line under what was said, which waits to be answered. @param {string} id @param {...(Node | string)} parts */
  function offer(id, ...parts) {
    if (document.getElementById(id)) return;
    document.getElementById("told")?.after(make("p", { id, className: "box next offer" }, ...parts));
  }

  /** @param {string} text @param {() => any} act */
  function button(text, act) {
    const element = make("button", { type: "button", className: "button quiet" }, text);
    element.addEventListener("click", act);
    return element;
  }

  /** @param {string} key */
  const remembered = (key) => { try { return localStorage.getItem(key); } catch { return "never"; } };
  /** @param {string} key @param {string} value */
  const remember = (key, value) => { try { localStorage.setItem(key, value); } catch { /* then it is asked again */ } };

  function hint() {
    if (installed || remembered(HINTED) || !(prompt || apple)) return;
    const close = () => {
      remember(HINTED, "1");
      document.getElementById("install")?.remove();
    };
    const add = button(words.add, () => {
      prompt?.prompt();
      close();
    });
    offer("install", words.hint, " ", ...apple ? [words.ios] : [add], " ", button(words.later, close));
  }

  const visits = () => Number(remembered(VISITS)) || 0;
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    prompt = event;
    if (visits() > 2) hint();
  });
  if (!sessionStorage.getItem(VISITS)) {
    sessionStorage.setItem(VISITS, "1");
    remember(VISITS, String(visits() + 1));
  }
  if (apple && visits() > 2) hint();
  huiyou.on?.("decided", (/** @type {any} */ { entry }) => {
    if (entry.state !== "accepted") return;
    remember(VISITS, "3");
    hint();
  });

  /** The page takes the new release on by itself where nobody would notice. */
  async function quietly() {
    const sending = (await huiyou.outbox.waiting(await huiyou.account.owner())).some((/** @type {any} */ entry) => entry.state === "sending");
    if (document.hidden && !sending && !document.querySelector("form[data-typed]")) huiyou.update?.();
  }
  huiyou.on?.("update", () => {
    offer("update", words.fresh, " ", button(words.update, () => huiyou.update?.()));
    document.addEventListener("visibilitychange", () => quietly().catch(() => {}));
  });

  document.addEventListener("huiyou:stored", async () => {
    if (!navigator.storage?.persist || await huiyou.store.get("persist_asked")) return;
    await huiyou.store.set("persist_asked", true);
    await navigator.storage.persist();
  });
})();
