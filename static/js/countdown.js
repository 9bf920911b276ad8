// <b data-countdown="instant">: says how long it is until then, and keeps it true.
(() => {
  const english = document.documentElement.lang === "en";

  /** @param {number} minutes */
  function say(minutes) {
    const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
    if (english) return hours ? `${hours} h ${rest} min left` : `${rest} min left`;
    return hours ? `还有 ${hours} 小时 ${rest} 分钟` : `还有 ${rest} 分钟`;
  }

  function tell() {
    for (const element of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-countdown]"))) {
      const words = say(Math.max(0, Math.ceil((Date.parse(element.dataset.countdown || "") - Date.now()) / 6e4)));
      if (element.textContent !== words) element.textContent = words;
    }
  }

  tell();
  addEventListener("pageshow", tell);
  document.addEventListener("htmx:after:swap", tell);
  document.addEventListener("visibilitychange", () => document.hidden || tell());
  setInterval(() => document.hidden || tell(), 5000);
})();
