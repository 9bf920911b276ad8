// [data-key="a"]: that key presses the element, unless somebody is typing. [data-fill="#id"]: puts its own words there.
(() => {
  const SETTLE_MS = 500;

  /** Whether a press is meant for a field. @param {EventTarget | null} target */
  const typing = (target) => target instanceof Element && target.closest("input, select, textarea, [contenteditable]");

  /** Shown, and not inside a part that is closed. @param {Element} element */
  const visible = (element) => element.checkVisibility ? element.checkVisibility() : element.getClientRects().length > 0;

  /** Escape folds an opened decision away, and stays at what opens it. */
  const close = () => {
    const open = document.querySelector("[data-decide] details[open]");
    if (!open) return;
    open.removeAttribute("open");
    open.querySelector("summary")?.focus();
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return close();
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing || typing(event.target)) return;
    const key = CSS.escape(event.key.toLowerCase());
    const pressed = [...document.querySelectorAll(`[data-key="${key}"]`)].find(visible);
    if (!(pressed instanceof HTMLElement) || pressed.closest("[inert]")) return;
    event.preventDefault();
    pressed.focus();
    pressed.click();
  });

  document.addEventListener("click", (event) => {
    const link = /** @type {Element} */ (event.target).closest("[data-fill]");
    const field = link && document.querySelector(link.getAttribute("data-fill") || "");
    if (!link || !(field instanceof HTMLTextAreaElement)) return;
    event.preventDefault();
    field.value = [...link.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.textContent).join("").trim();
    const send = field.form && field.form.querySelector("[type=submit]");
    if (send instanceof HTMLElement) send.focus();
  });

  // What has just come under the thumb is not pressed by the second half of a double tap.
  document.addEventListener("htmx:after:swap", () => {
    for (const part of document.querySelectorAll("[data-decide]")) {
      part.setAttribute("inert", "");
      setTimeout(() => part.removeAttribute("inert"), SETTLE_MS);
    }
  });
})();
