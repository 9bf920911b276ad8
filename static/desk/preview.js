// [data-preview]: what is being written as its readers will see it, made by the server whenever there is one.
(() => {
  const huiyou = self.huiyou;
  const desk = huiyou.desk = huiyou.desk || {};
  if (desk.preview) return;
  desk.preview = true;
  const PAUSE_MS = 700;
  let timer = 0;

  const place = () => document.querySelector("[data-preview]");

  /** @param {boolean} old whether the text has gone on since */
  const mark = (old) => place()?.querySelector("[data-preview-old]")?.toggleAttribute("hidden", !old);

  document.addEventListener("input", (event) => {
    const target = event.target;
    if (!place() || !(target instanceof Element) || !target.matches("form[data-desk] [name=body], form[data-desk] [name=title]")) return;
    clearTimeout(timer);
    timer = setTimeout(() => navigator.onLine ? place()?.dispatchEvent(new CustomEvent("desk:preview")) : mark(true), PAUSE_MS);
  });
  addEventListener("online", () => place()?.dispatchEvent(new CustomEvent("desk:preview")));
  document.addEventListener("htmx:error", (event) => { if (event.target === place()) mark(true); });
  document.addEventListener("htmx:after:swap", () => mark(false));
})();
