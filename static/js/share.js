// button[data-share="#id"]: hands that element's text to the phone's share sheet, where there is one; [data-print] prints the page.
(() => {
  function alive() {
    if ("share" in navigator) for (const button of document.querySelectorAll("[data-share]")) button.removeAttribute("hidden");
    for (const button of document.querySelectorAll("[data-print]")) button.removeAttribute("hidden");
  }

  document.addEventListener("click", async (event) => {
    const button = /** @type {Element} */ (event.target).closest?.("[data-share], [data-print]");
    if (!(button instanceof HTMLElement)) return;
    if ("print" in button.dataset) return window.print();
    const text = document.querySelector(button.dataset.share || "")?.textContent || "";
    try {
      await navigator.share({ title: button.dataset.shareTitle, text });
    } catch { /* they chose not to */ }
  });
  document.addEventListener("htmx:after:swap", alive);
  addEventListener("pageshow", alive);
  alive();
})();
