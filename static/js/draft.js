// What is typed into a form[data-op] is kept on this phone until it is sent: a killed browser loses half a sentence at most.
(() => {
  const huiyou = self.huiyou;
  const { forms, page, store } = huiyou;
  if (!store) return;
  const SETTLE_MS = 300;
  const SECRET = ["password", "id_number"];
  const words = page.english ? { back: "Your draft is back.", clear: "Clear" } : { back: "草稿已恢复", clear: "清空" };
  let timer = 0;
  /** @type {HTMLFormElement | null} */
  let typing = null;

  /** @param {HTMLFormElement} form */
  const keyOf = (form) => `${huiyou.account.current()} ${form.dataset.op} ${forms.path(form)}`;

  /** @param {HTMLFormElement} form */
  function typed(form) {
    const fields = forms.fields(form, null);
    for (const field of /** @type {Iterable<any>} */ (form.elements)) {
      if (SECRET.includes(field.name) || field.type === "password" || (field.type === "hidden" && field.name !== "version")) delete fields[field.name];
    }
    return fields;
  }

  async function keep() {
    clearTimeout(timer);
    const form = typing;
    typing = null;
    if (form?.isConnected && !form.dataset.edits) await store.write("drafts", { key: keyOf(form), fields: typed(form), at: Date.now() }).catch(() => {});
  }

  /** @param {HTMLFormElement} form */
  async function restore(form) {
    if (form.dataset.edits || form.dataset.typed === "" || !form.querySelector("textarea, select, input:not([type=hidden])")) return;
    if (form.querySelector('[role="alert"]') || document.querySelector('#main > [role="alert"]')) return;
    const draft = await store.read("drafts", keyOf(form));
    if (!draft || JSON.stringify(draft.fields) === JSON.stringify(typed(form))) return;
    forms.fill(form, { ...forms.fields(form, null), ...draft.fields });
    form.dataset.typed = "";
    const clear = page.make("button", { type: "button", className: "button quiet" }, words.clear);
    clear.addEventListener("click", async () => {
      await forget(form);
      form.reset();
      forms.hush(form);
    });
    forms.note(form, page.make("p", { className: "draft" }, words.back, " ", clear));
    document.dispatchEvent(new CustomEvent("huiyou:restored", { detail: { form } }));
  }

  /** @param {HTMLFormElement} form */
  async function forget(form) {
    delete form.dataset.typed;
    if (typing === form) typing = null;
    await store.remove("drafts", keyOf(form)).catch(() => {});
  }

  const restoreAll = () => forms.all().forEach((/** @type {HTMLFormElement} */ form) => restore(form).catch(() => {}));

  document.addEventListener("input", ({ target }) => {
    const form = target instanceof Element && target.closest(/** @type {"form"} */ ("form[data-op]"));
    if (!form) return;
    if (typing && typing !== form) keep();
    typing = form;
    form.dataset.typed = "";
    clearTimeout(timer);
    timer = setTimeout(keep, SETTLE_MS);
  });
  document.addEventListener("visibilitychange", () => document.hidden && keep());
  document.addEventListener("huiyou:stored", (event) => forget(/** @type {CustomEvent} */ (event).detail.form));
  document.addEventListener("htmx:after:swap", restoreAll);
  document.addEventListener("huiyou:edits", restoreAll);
})();
