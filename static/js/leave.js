// form[action="/logout"]: with something still waiting the person decides; then nothing of theirs stays on this phone.
(() => {
  const { huiyou } = self;
  const { account, forms, outbox, page, sender } = huiyou;
  const { make } = page;
  const SHOWN = 5;
  const AGAIN_MS = 300;
  const words = page.english
    ? {
      title: (/** @type {number} */ n) => `${n} ${n === 1 ? "thing has" : "things have"} not been sent yet`, more: "…", ask: "What shall happen to them when you log out?",
      send: "Send them, then log out", keep: "Keep them for me until I log in again", drop: "Throw them away", stay: "Do not log out",
      sending: "Being sent…", unsent: "They could not be sent now. Keep them, or throw them away?", sent: "All of it has been sent.", go: "Log out",
      gone: "You have logged out", online: "Log in again", rest: "Nothing of yours can be opened on this phone. When there is a connection, open this page again to finish.",
    }
    : {
      title: (/** @type {number} */ n) => `还有 ${n} 条没发出`, more: "……", ask: "退出以后，它们怎么办？",
      send: "先发出，再退出", keep: "替我留着，下次登录再发", drop: "不要了，丢掉", stay: "先不退出",
      sending: "正在发出……", unsent: "现在发不出去。留着，还是丢掉？", sent: "都发出去了。", go: "退出",
      gone: "已退出", online: "重新登录", rest: "这部手机上已经打不开您的内容。有信号时再打开一次这个页面，服务器那边也就退出了。",
    };

  /** Looks whether what the person was asked about has gone out meanwhile. */
  let settled = async () => {};
  huiyou.on?.("entries", () => settled().catch(() => {}));

  /** @param {boolean} keep */
  async function leave(keep) {
    settled = async () => {};
    if (await account.leave({ keep })) return location.replace("/");
    document.title = words.gone;
    document.body.replaceChildren(make("main", { id: "main", tabIndex: -1 },
      make("h1", {}, words.gone), make("p", {}, words.rest), make("p", {}, make("a", { className: "button", href: "/login" }, words.online))));
  }

  /** @param {any[]} waiting */
  function ask(waiting) {
    document.getElementById("leave")?.remove();
    const says = make("p", { role: "status" }, words.ask);
    /** @param {string} text @param {string} kind @param {() => any} act */
    const choice = (text, kind, act) => {
      const button = make("button", { type: "button", className: `button ${kind}` }, text);
      button.addEventListener("click", act);
      return button;
    };
    const send = choice(words.send, "primary", async () => {
      says.textContent = words.sending;
      for (let busy = true; busy;) {
        busy = (await sender.send({ reason: "now" })).answer === "busy";
        if (busy) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      }
      if ((await outbox.waiting(await account.owner())).length) says.textContent = words.unsent;
      else await leave(false);
    });
    const [keep, drop] = [choice(words.keep, "", () => leave(true)), choice(words.drop, "danger", () => leave(false))];
    settled = async () => {
      if ((await outbox.waiting(await account.owner())).length) return;
      [says.textContent, send.textContent] = [words.sent, words.go];
      keep.remove();
      drop.remove();
    };
    const panel = make("section", { id: "leave", className: "box wait", tabIndex: -1 },
      make("h2", {}, words.title(waiting.length)),
      make("ul", {}, ...waiting.slice(0, SHOWN).map((entry) => make("li", {}, entry.label)), ...waiting.length > SHOWN ? [make("li", {}, words.more)] : []),
      says,
      make("div", { className: "choices" },
        send, keep, drop, choice(words.stay, "quiet", () => panel.remove())));
    panel.setAttribute("aria-label", words.title(waiting.length));
    document.getElementById("main")?.prepend(panel);
    panel.focus({ preventScroll: true });
    panel.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("submit", async (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (!outbox || form.method !== "post" || forms.path(form) !== "/logout") return;
    event.preventDefault();
    try {
      const waiting = await outbox.waiting(await account.owner());
      if (waiting.length) ask(waiting);
      else await leave(false);
    } catch {
      HTMLFormElement.prototype.submit.call(form);
    }
  }, true);
})();
