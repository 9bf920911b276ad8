// form[data-desk] saves itself: each pause is an edit in the outbox that builds on the one before, with or without a connection.
(() => {
  const huiyou = self.huiyou;
  const desk = huiyou.desk = huiyou.desk || {};
  if (desk.autosave || !huiyou.outbox) return;
  const { forms, outbox, sender } = huiyou;
  const PAUSE_MS = 2000;
  let timer = 0;
  /** The last edit that was stored, and what it says. @type {{op_id: string, text: string} | null} */
  let last = null;
  /** Whether the issue is being submitted with its text. */
  let going = false;
  /** Edits are stored one after the other. @type {Promise<any>} */
  let turn = Promise.resolve();

  /** @returns {HTMLFormElement | null} */
  const open = () => document.querySelector("form[data-desk]");
  const textOf = (/** @type {HTMLFormElement} */ form) => JSON.stringify([form.elements.title.value, form.elements.body.value]);

  /** Says beside the text how safe it is. @param {"phone" | "sent" | "typing" | "stale" | "failed"} state */
  function say(state) {
    const place = document.querySelector("[data-saved]");
    if (!(place instanceof HTMLElement)) return;
    const words = JSON.parse(place.dataset.words || "{}")[state];
    place.dataset.state = state;
    if (state !== "stale") place.textContent = words;
    else place.replaceChildren(huiyou.page.make("button", { type: "button", className: "button", data: { seeBoth: "" } }, words));
  }

  /** Stores what stands in the form as an edit, in the place of one that was not sent yet. @param {HTMLFormElement} form */
  async function store(form) {
    const text = textOf(form);
    if (!form.isConnected || last?.text === text || !form.elements.title.value.trim() || !form.elements.body.value.trim()) return;
    if (form.getAttribute("aria-busy") || document.querySelector('[data-saved][data-state="stale"]')) return;
    const before = await outbox.get(form.dataset.edits || last?.op_id || "");
    const entry = { ...await forms.entry(form, null), op_id: huiyou.uuid7(), quiet: true };
    const waiting = before && !outbox.isFinal(before);
    if (waiting) entry.fields.version = before.fields.version;
    if (!waiting || !await outbox.replace(before.op_id, entry)) {
      if (waiting) Object.assign(entry, { after: before.op_id, fields: { ...entry.fields, version: before.op_id } });
      await outbox.add(entry);
    }
    last = { op_id: entry.op_id, text };
    delete form.dataset.edits;
    forms.hide(form, "version", entry.op_id);
    forms.hush(form);
    form.dispatchEvent(new Event("input", { bubbles: true }));
    say("phone");
    sender.send({ reason: "submit" });
  }

  function save() {
    clearTimeout(timer);
    const form = open();
    if (!form || form.dataset.typed !== "") return;
    turn = turn.then(() => store(form)).catch((error) => {
      console.warn(error);
      say("failed");
    });
  }

  document.addEventListener("input", (event) => {
    const form = open();
    if (!form || !(event.target instanceof Node) || !form.contains(event.target) || event.target === form) return;
    const typed = last?.text !== textOf(form);
    if (typed && !document.querySelector('[data-saved][data-state="stale"]')) say("typing");
    clearTimeout(timer);
    if (typed) timer = setTimeout(save, PAUSE_MS);
  });
  document.addEventListener("visibilitychange", () => document.hidden && save());
  document.addEventListener("huiyou:restored", (event) => {
    /** @type {CustomEvent} */ (event).detail.form.elements.body?.dispatchEvent(new Event("input", { bubbles: true }));
  });

  // What is submitted is what stands here: the text goes first, and with it the submission stands or falls.
  addEventListener("submit", async (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    const text = open();
    if (form.dataset.op !== "briefing.submit" || text?.dataset.typed !== "" || going) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    save();
    await turn;
    const place = document.querySelector('[data-saved][data-state="stale"], [data-saved][data-state="failed"]');
    if (place) return place.scrollIntoView({ block: "center" });
    const edit = last && await outbox.get(last.op_id);
    form.dataset.after = edit && !outbox.isFinal(edit) ? edit.op_id : "";
    going = true;
    form.requestSubmit(/** @type {SubmitEvent} */ (event).submitter);
    going = false;
  }, true);

  huiyou.on("decided", (/** @type {any} */ { entry }) => {
    const form = open();
    if (!form || entry.op_id !== last?.op_id) return;
    if (["accepted", "duplicate"].includes(entry.state)) {
      outbox.acknowledge(entry.op_id);
      if (last.text !== textOf(form)) return;
      document.dispatchEvent(new CustomEvent("huiyou:stored", { detail: { form, entry } }));
      say("sent");
    } else if (entry.state !== "withdrawn") say("stale");
  });

  // Both versions, as the server shows them: a plain post of what stands here.
  document.addEventListener("click", (event) => {
    if (!(/** @type {Element} */ (event.target)).closest?.("[data-see-both]")) return;
    const form = open();
    if (!form) return;
    if (last) outbox.acknowledge(last.op_id);
    forms.hide(form, "op_id", huiyou.uuid7());
    HTMLFormElement.prototype.submit.call(form);
  });

  document.addEventListener("huiyou:stored", (event) => {
    const { form, entry } = /** @type {CustomEvent} */ (event).detail;
    if (form === open() && !entry.quiet) {
      last = { op_id: entry.op_id, text: textOf(form) };
      forms.hide(form, "version", entry.op_id);
    }
  });
  document.addEventListener("htmx:after:swap", () => { if (!open()) last = null; });
  desk.autosave = { save };
})();
