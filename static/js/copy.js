// button[data-copy="#id"]: copies that element's text or value, and says so.
(() => {
  const words = document.documentElement.lang === "en"
    ? { done: "Copied", failed: "Could not copy: press and hold the text" }
    : { done: "已复制", failed: "没能复制，请长按文字" };
  let timer = 0;

  /** Says a short thing at the foot of the screen, also to screen readers. @param {string} text */
  function say(text) {
    const place = document.getElementById("said");
    if (!place) return;
    place.textContent = text;
    clearTimeout(timer);
    timer = setTimeout(() => { place.textContent = ""; }, 4000);
  }
  self.huiyou.toast = say;

  /** For browsers inside other apps, and plain http, which have no clipboard. @param {string} text */
  function copyBySelection(text) {
    const area = document.createElement("textarea");
    area.value = text;
    area.readOnly = true;
    area.className = "visually-hidden";
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    return copied;
  }

  document.addEventListener("click", async (event) => {
    const button = /** @type {Element} */ (event.target).closest("[data-copy]");
    const source = button && document.querySelector(button.getAttribute("data-copy") || "");
    if (!source) return;
    const text = "value" in source ? String(source.value) : source.textContent || "";
    try {
      await navigator.clipboard.writeText(text);
      say(words.done);
    } catch {
      say(copyBySelection(text) ? words.done : words.failed);
    }
  });
})();
