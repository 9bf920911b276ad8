// [data-key="a"]: that key presses the element, unless somebody is typing. [data-fill="#id"]: puts its own words there.
(() => {
  const SETTLE_MS = 500;

  /** Whether a press is meant for a field. @param {EventTarget | null} target */
  const typing = (target) => target instanceof Element && target.closest("input, select, textarea, [contenteditable]");

  /** Shown, and not inside a part that is closed. @param {Element} element */
  const visible = (element) => element.checkVisibility ? element.checkVisibility() : element.getClientRects().length > 0;

  /** The decision that waits for its words. */
  const opened = () => /** @type {HTMLDetailsElement | null} */ (document.querySelector("[data-decide] details[open]"));

  /** Escape folds it away, and stays at what opens it. */
  const close = () => {
    const open = opened();
    if (!open) return;
    open.open = false;
    open.querySelector("summary")?.focus();
  };

  /** A digit in its empty field asks for a ready sentence. @param {KeyboardEvent} event */
  const picks = ({ key, target }) => /^\d$/.test(key) && target instanceof HTMLTextAreaElement && !target.value && opened()?.contains(target);

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return close();
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing || (typing(event.target) && !picks(event))) return;
    const key = CSS.escape(event.key.toLowerCase());
    // While one decision waits for its words, no letter makes another.
    const pressed = [...(opened() || document).querySelectorAll(`[data-key="${key}"]`)].find(visible);
    if (!(pressed instanceof HTMLElement) || pressed.closest("[inert]")) return;
    event.preventDefault();
    pressed.focus();
    pressed.click();
    if (pressed.matches("summary")) opened()?.querySelector("textarea")?.focus();
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
