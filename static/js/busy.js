// form[method=post]: what was just sent is not sent again, so that a double tap is one post.
(() => {
  const SETTLE_MS = 1500;
  /** Forms that were sent a moment ago, with the timer that forgets it; none while somebody holds them. @type {Map<HTMLFormElement, any>} */
  const sent = new Map();

  const busy = self.huiyou.busy = {
    /** @param {HTMLFormElement} form */
    has: (form) => sent.has(form),

    /** Busy until it is settled. @param {HTMLFormElement} form */
    hold(form) {
      clearTimeout(sent.get(form));
      sent.set(form, 0);
    },

    /** @param {HTMLFormElement} form */
    settle(form) {
      clearTimeout(sent.get(form));
      sent.delete(form);
      form.removeAttribute("aria-busy");
    },
  };

  document.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (form.method !== "post" || form.matches("[data-display]")) return;
    if (sent.has(form)) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    form.setAttribute("aria-busy", "true");
    sent.set(form, setTimeout(busy.settle, SETTLE_MS, form));
  }, true);

  addEventListener("pageshow", () => [...sent.keys()].forEach(busy.settle));
  document.addEventListener("htmx:finally:request", (event) => {
    const form = /** @type {CustomEvent} */ (event).detail?.ctx?.sourceElement?.closest?.("form");
    if (form && sent.get(form)) busy.settle(form);
  });
})();
