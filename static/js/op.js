// Forms that are operations: a fresh op_id whenever the form is shown anew, the same one for a double tap.
(() => {
  const SETTLE_MS = 1500;
  /** Forms that were sent a moment ago, with the timer that forgets it. @type {Map<HTMLFormElement, number>} */
  const sent = new Map();

  /** A UUID of version 7 (RFC 9562): 48 bits of time in ms, the rest random. */
  function uuid7() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    const now = Date.now();
    for (let i = 0; i < 6; i++) bytes[i] = Math.floor(now / 2 ** (40 - 8 * i)) % 256;
    bytes[6] = (bytes[6] & 15) | 112;
    bytes[8] = (bytes[8] & 63) | 128;
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("").replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }

  /** @param {HTMLFormElement} form */
  function settle(form) {
    clearTimeout(sent.get(form));
    sent.delete(form);
    form.removeAttribute("aria-busy");
  }

  function renew() {
    for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form[data-op]"))) {
      const field = form.querySelector("input[name=op_id]");
      if (field instanceof HTMLInputElement && !sent.has(form)) field.value = uuid7();
    }
  }

  document.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (form.method !== "post" || form.matches("[data-display]")) return;
    if (sent.has(form)) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    form.setAttribute("aria-busy", "true");
    sent.set(form, setTimeout(() => settle(form), SETTLE_MS));
  }, true);
  addEventListener("pageshow", () => {
    [...sent.keys()].forEach(settle);
    renew();
  });
  document.addEventListener("htmx:finally:request", (event) => {
    const source = /** @type {CustomEvent} */ (event).detail?.ctx?.sourceElement?.closest?.("form");
    if (source) settle(source);
    renew();
  });
  document.addEventListener("htmx:after:swap", renew);
})();
