// What waits on this phone stands where it belongs: before the form that it came from, or in [data-waits="lane or operation"].
(() => {
  const huiyou = self.huiyou;
  const { forms, outbox, page } = huiyou;
  if (!outbox) return;
  const { make } = page;
  const ROOM = 20;
  /** What nobody asks for a second time while the first waits. */
  const ONCE = /^(event\.(signup|cancel_signup|cancel)|need\.(respond|accept_response|withdraw_response|close)|consultation\.(assign|schedule|decline|complete|withdraw|rate)|rules\.accept|registration\.(approve|refuse|ask))$/;
  const words = page.english
    ? {
      pending: "Waiting to be sent", tried: "Sent, no answer yet; it will be tried again", sending: "Being sent", held: "Waits until you log in again",
      accepted: "Done", waitlisted: "On the waiting list", duplicate: "Was done already", refused: "Not done", not_sent: "Not sent: what it built on was not done", withdrawn: "Withdrawn",
      outbox: "Outbox", edits: "You are changing what has not been sent yet. Saving replaces it.", again: "This was not done: ", gone: "This form is not there any more. What you wrote:",
    }
    : {
      pending: "等待发出", tried: "发过，还没有答复，会自动再试", sending: "正在发出", held: "等您重新登录后发出",
      accepted: "办成了", waitlisted: "排在候补", duplicate: "已经办过", refused: "没办成", not_sent: "没有发出：前面那一件没办成", withdrawn: "已撤回",
      outbox: "看待发的", edits: "您在改还没发出的这一条，保存后替换原来的。", again: "没办成：", gone: "这张表现在不在这一页了。您写的是：",
    };

  huiyou.waits = {
    /** The state of an entry in words. @param {any} entry */
    says: ({ state, tries }) => {
      const cut = ["offline", "portal", "trouble"].includes(document.getElementById("connection")?.dataset.state || "");
      return words[tries && (state === "pending" || (state === "sending" && cut)) ? "tried" : /** @type {"pending"} */ (state)];
    },
  };

  /** @param {any} entry */
  function card(entry) {
    const text = entry.fields.body || entry.fields.note || "";
    return make("article", { className: "card waiting", data: { state: entry.state, op: entry.op_id } },
      make("p", {}, make("b", {}, entry.label)),
      ...text ? [make("p", { className: "prose" }, text)] : [],
      make("p", { className: "hint" }, `… ${huiyou.waits.says(entry)} `, make("a", { href: `/outbox#operation-${entry.op_id}` }, words.outbox)));
  }

  /** Where an entry's card belongs on this page. @param {any} entry @returns {[Element, "append" | "before"] | undefined} */
  function place(entry) {
    for (const part of document.querySelectorAll("[data-waits]")) {
      const [about, kind = ""] = (part.getAttribute("data-waits") || "").split(" ");
      if ((about === entry.lane || about === entry.name) && entry.name.startsWith(kind)) return [part, "append"];
    }
    const form = forms.of(entry);
    return form && [form, "before"];
  }

  async function show() {
    const waiting = await outbox.waiting(await huiyou.account.owner());
    for (const old of document.querySelectorAll(".card.waiting[data-op]")) old.remove();
    for (const form of forms.all()) if (ONCE.test(form.dataset.op)) {
      form.hidden = waiting.some((/** @type {any} */ entry) => forms.of(entry) === form && entry.op_id !== form.dataset.edits);
      const fold = form.closest("details.confirm");
      if (fold instanceof HTMLElement) fold.hidden = form.hidden;
    }
    for (const entry of waiting.slice(-ROOM)) {
      const [part, how] = place(entry) || [];
      if (part && how && !entry.quiet) part[how](card(entry));
      const form = entry.fields.version && forms.of(entry);
      if (form && !form.dataset.edits && form.dataset.typed !== "") edit(form, entry);
    }
  }

  /** @param {HTMLFormElement} form @param {any} entry */
  function edit(form, entry) {
    forms.fill(form, entry.fields);
    form.dataset.edits = entry.op_id;
    const refused = outbox.isFinal(entry);
    forms.note(form, make("p", { className: refused ? "box bad" : "box wait" }, refused ? words.again + entry.message : words.edits));
  }

  /** `#edit=ID` opens the form of that operation, filled in. */
  async function open() {
    const id = location.hash.match(/^#edit=([\w-]+)$/)?.[1];
    const entry = id && await outbox.get(id);
    if (!entry || entry.owner !== await huiyou.account.owner()) return;
    history.replaceState(history.state, "", page.url());
    const form = forms.of(entry) || forms.all().find((/** @type {HTMLFormElement} */ each) => each.dataset.op === entry.name);
    if (!form) {
      const texts = Object.entries(entry.fields).filter(([name]) => !["id", "version"].includes(name)).map(([, value]) => make("p", { className: "prose" }, value));
      document.getElementById("main")?.prepend(make("div", { className: "box bad" }, make("p", {}, entry.message ? words.again + entry.message : words.gone), ...texts));
      return;
    }
    form.hidden = false;
    edit(form, entry);
    form.scrollIntoView();
    form.querySelector(/** @type {"input"} */ ("input:not([type=hidden]), textarea, select"))?.focus({ preventScroll: true });
  }

  const showSafely = () => show().catch(() => {});
  huiyou.on("entries", showSafely);
  huiyou.on("connection", () => setTimeout(showSafely, 100));
  document.addEventListener("htmx:after:swap", showSafely);
  addEventListener("pageshow", async () => {
    await open().catch(() => {});
    await showSafely();
    document.dispatchEvent(new CustomEvent("huiyou:edits"));
  });
})();
