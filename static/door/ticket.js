// [data-ticket]: a ticket held up to a scanner stays lit, and a touch makes the whole screen white with nothing but its code.
(() => {
  /** @type {any} */
  let awake;

  async function light() {
    if (document.hidden || !document.querySelector("[data-ticket]")) return;
    awake = await /** @type {any} */ (navigator).wakeLock?.request("screen").catch(() => {});
  }

  /** @param {HTMLElement} ticket @param {boolean} on */
  function brighten(ticket, on) {
    ticket.toggleAttribute("data-bright", on);
    document.documentElement.toggleAttribute("data-bright", on);
    ticket.querySelector("[data-brighten]")?.setAttribute("aria-pressed", String(on));
    if (on) ticket.scrollIntoView();
  }

  document.addEventListener("click", (event) => {
    const pressed = event.target instanceof Element && event.target.closest("[data-brighten], [data-ticket] .code");
    const ticket = pressed && /** @type {HTMLElement | null} */ (pressed.closest("[data-ticket]"));
    if (ticket) brighten(ticket, !ticket.hasAttribute("data-bright"));
  });
  document.addEventListener("keydown", (event) => {
    const ticket = event.key === "Escape" && /** @type {HTMLElement | null} */ (document.querySelector("[data-ticket][data-bright]"));
    if (ticket) brighten(ticket, false);
  });
  for (const button of document.querySelectorAll(/** @type {"button"} */ ("[data-brighten]"))) button.hidden = false;
  document.addEventListener("visibilitychange", () => document.hidden ? awake?.release?.() : light());
  light();
})();
