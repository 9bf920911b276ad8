// A form that is an operation: what it asks for, in words and in fields, and how it is filled in again.
(() => {
  const huiyou = self.huiyou;
  const UUID = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/g;
  const OF_THE_FORM = ["op_id", "form_version", "owner"];
  /** Operations whose things get their id on the phone. */
  const MADE_HERE = /^(need|event)\.create$|^deed\.submit$|\.(respond|request|record|comment)$/;

  /** @param {HTMLFormElement} form */
  const path = (form) => new URL(form.getAttribute("action") || "", location.href).pathname;

  /** The words on a button, without the key that presses it. @param {Element | null} button */
  const words = (button) => button?.getAttribute("aria-label")
    || (button?.querySelector(".row-title") || button)?.firstChild?.textContent?.trim() || "";

  const forms = huiyou.forms = {
    /** @returns {HTMLFormElement[]} */
    all: () => [...document.querySelectorAll(/** @type {"form"} */ ("form[data-op]"))],

    path,

    /** The hidden field of this name, made if need be. @param {HTMLFormElement} form @param {string} name @param {string} value */
    hide(form, name, value) {
      let field = form.querySelector(`input[type=hidden][name="${name}"]`);
      if (!field) form.append(field = huiyou.page.make("input", { type: "hidden", name }));
      /** @type {HTMLInputElement} */ (field).value = value;
    },

    /** What is posted: several values of one name joined, what was left empty left out. @param {HTMLFormElement} form @param {HTMLButtonElement | null} submitter */
    fields(form, submitter) {
      const data = new FormData(form);
      if (submitter?.name) data.append(submitter.name, submitter.value);
      /** @type {Record<string, string>} */
      const fields = {};
      for (const [name, value] of data) {
        if (OF_THE_FORM.includes(name) || typeof value !== "string" || !value) continue;
        fields[name] = name in fields ? `${fields[name]},${value}` : value;
      }
      return fields;
    },

    /** The operation that pressing `submitter` asks for. @param {HTMLFormElement} form @param {HTMLButtonElement | null} submitter */
    async entry(form, submitter) {
      const name = form.dataset.op || "";
      if (MADE_HERE.test(name)) forms.hide(form, "id", huiyou.uuid7());
      const fields = forms.fields(form, submitter);
      const [action, kind] = [path(form), name.split(".")[0].replace("checkin", "event")];
      const ids = action.match(UUID) || [];
      const target = form.dataset.target || ids.at(-1) || action.match(/^\/experts\/([^/]+)/)?.[1];
      const of = ids[0] || fields.id || target;
      const about = form.dataset.label || fields.title || fields.topic || fields.walk_in_name || document.querySelector("main h1")?.textContent || "";
      const pressed = words(submitter || form.querySelector("[type=submit]"));
      return {
        op_id: form.elements.op_id.value,
        owner: await huiyou.account.owner(),
        lane: form.dataset.lane || (of ? `${kind}:${of}` : kind),
        name,
        target,
        ...form.dataset.after ? { after: form.dataset.after } : {},
        form_version: Number(form.elements.form_version.value) || 1,
        fields,
        page: huiyou.page.url(),
        action,
        label: pressed.includes(about.trim()) ? pressed : `${pressed}${huiyou.page.english ? ": " : "："}${about.trim()}`,
      };
    },

    /** Fills a form in with what was asked before; with its password only where the person has just typed it. @param {HTMLFormElement} form @param {Record<string, string>} fields @param {{secrets?: boolean}} [given] */
    fill(form, fields, { secrets } = {}) {
      for (const field of /** @type {Iterable<any>} */ (form.elements)) {
        const { name, type } = field;
        if (!name || OF_THE_FORM.includes(name) || type === "submit" || (type === "password" && !secrets)) continue;
        const value = fields[name] || "";
        const values = value.split(",");
        if (["checkbox", "radio"].includes(type)) field.checked = values.includes(field.value);
        else if (field.options) for (const option of field.options) option.selected = field.multiple ? values.includes(option.value) : option.value === value;
        else if (type !== "hidden" || name === "version") field.value = value;
      }
      for (let fold = form.closest("details"); fold; fold = fold.parentElement?.closest("details") || null) fold.open = true;
      for (const fold of form.querySelectorAll("details")) if (fold.querySelector(":checked")) fold.open = true;
    },

    /** A form of this page by what it does. @param {{name: string, action?: string}} entry @returns {HTMLFormElement | undefined} */
    of: ({ name, action }) => forms.all().find((form) => form.dataset.op === name && path(form) === action),

    /** Says something at a form's head, in place of what was said there before. @param {HTMLFormElement} form @param {HTMLElement} box */
    note(form, box) {
      forms.hush(form);
      box.dataset.note = "";
      form.before(box);
    },

    /** Marks the fields that a sentence names, each until it is typed in. @param {HTMLFormElement} form @param {string} sentence */
    mark(form, sentence) {
      for (const field of /** @type {Iterable<any>} */ (form.elements)) {
        const name = field.labels?.[0]?.firstChild?.textContent.trim();
        if (!name || !sentence.includes(name)) continue;
        field.setAttribute("aria-invalid", "true");
        field.addEventListener("input", () => field.removeAttribute("aria-invalid"), { once: true });
      }
    },

    /** Takes back what was said there, also where what waits has come between. @param {HTMLFormElement} form */
    hush(form) {
      for (let before = form.previousElementSibling; before?.matches("[data-note], .waiting"); before = before.previousElementSibling) {
        if (before.matches("[data-note]")) return before.remove();
      }
    },
  };
})();
