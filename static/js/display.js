// form[data-display]: large type and palette change at once; the server is told so that the choice stays.
(() => {
  const root = document.documentElement;
  const following = { auto: "dark", dark: "light", light: "auto" };

  /** @param {HTMLButtonElement} button */
  function apply({ name, value }) {
    if (name === "large") root.toggleAttribute("data-large", value === "1");
    else root.dataset.palette = value;
    for (const other of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll(`form[data-display] button[name=${name}]`))) {
      if (name === "palette") other.value = following[/** @type {"auto"} */ (value)] || "auto";
      else {
        other.value = value === "1" ? "0" : "1";
        other.setAttribute("aria-pressed", String(value === "1"));
      }
    }
  }

  document.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (!form.matches("[data-display]")) return;
    form.elements.next.value = location.pathname + location.search;
    const button = /** @type {HTMLButtonElement | null} */ (/** @type {SubmitEvent} */ (event).submitter);
    if (!button || !["large", "palette"].includes(button.name)) return;
    event.preventDefault();
    const body = new URLSearchParams({ [button.name]: button.value, next: form.elements.next.value });
    apply(button);
    fetch(form.action, { method: "POST", body, redirect: "manual", keepalive: true })
      .then(() => huiyou.pages.renewShell(huiyou.account.current())).catch(() => {});
  });
})();
