// [data-toolbar] of a form[data-desk]: marks of Markdown for thumbs, sections, and how long the text is.
(() => {
  const huiyou = self.huiyou;
  const desk = huiyou.desk = huiyou.desk || {};
  if (desk.toolbar) return;
  const HAN = /[\u3007\u3400-\u9fff\uf900-\ufaff]|[\ud840-\ud8ff][\udc00-\udfff]/g;

  /** The text of the issue that is being written, if this page has one. @returns {HTMLTextAreaElement | null} */
  const text = () => document.querySelector("form[data-desk] textarea[name=body]");

  /** Puts `words` in the place of what is marked, so that the browser can undo it. @param {HTMLTextAreaElement} area @param {string} words @param {number} [from] @param {number} [to] */
  function put(area, words, from = area.selectionStart, to = area.selectionEnd) {
    area.focus();
    area.setSelectionRange(from, to);
    if (document.execCommand("insertText", false, words)) return;
    area.setRangeText(words, from, to, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /** Where the line of a place begins. @param {HTMLTextAreaElement} area */
  const lineStart = (area) => area.value.lastIndexOf("\n", area.selectionStart - 1) + 1;

  /** Begins the line with a mark, or takes it away again. @param {HTMLTextAreaElement} area @param {string} mark */
  function begin(area, mark) {
    const start = lineStart(area);
    const old = area.value.slice(start).match(/^(#{1,6} |[-*+] |\d{1,3}[.)] )/)?.[0] || "";
    const same = old.replace(/\d+/, "1") === mark;
    put(area, same ? "" : mark, start, start + old.length);
  }

  /** A section's heading at the end of the text, or where it is already. @param {HTMLTextAreaElement} area @param {string} name */
  function section(area, name) {
    const heading = `## ${name}`;
    const at = `\n${area.value}\n`.indexOf(`\n${heading}\n`);
    if (at >= 0) {
      area.focus();
      area.setSelectionRange(at + heading.length, at + heading.length);
      return;
    }
    const gap = !area.value || area.value.endsWith("\n\n") ? "" : area.value.endsWith("\n") ? "\n" : "\n\n";
    put(area, `${gap}${heading}\n\n1. `, area.value.length, area.value.length);
  }

  document.addEventListener("click", (event) => {
    const button = /** @type {Element} */ (event.target).closest?.("[data-toolbar] button");
    const area = text();
    if (!(button instanceof HTMLElement) || !area) return;
    const { mark, wrap, section: name } = button.dataset;
    const chosen = area.value.slice(area.selectionStart, area.selectionEnd);
    if (mark) begin(area, mark);
    else if (wrap) {
      put(area, `${wrap}${chosen}${wrap}`);
      if (!chosen) area.setSelectionRange(area.selectionStart - wrap.length, area.selectionStart - wrap.length);
    } else if (name) {
      section(area, name);
      const fold = button.closest("details");
      if (fold) fold.open = false;
    } else if ("link" in button.dataset) put(area, `[${chosen}](https://)`);
    else if ("undo" in button.dataset) {
      area.focus();
      document.execCommand("undo");
    }
  });

  /** How long the text is and how long it takes, as the server counts. */
  function count() {
    const place = document.querySelector("[data-length]");
    const area = text();
    if (!(place instanceof HTMLElement) || !area) return;
    const characters = area.value.match(HAN)?.length || 0;
    const others = area.value.match(/[A-Za-z0-9]+/g)?.length || 0;
    const minutes = Math.max(1, Math.ceil(characters / 400 + others / 200));
    const [most, length] = [Number(place.dataset.length), area.value.length];
    place.textContent = (place.dataset.words || "").replace("{}", String(length)).replace("{}", String(minutes));
    place.toggleAttribute("data-over", length > most);
  }

  function alive() {
    for (const bar of document.querySelectorAll("[data-toolbar][hidden]")) bar.removeAttribute("hidden");
    count();
  }

  desk.toolbar = { text, put };
  document.addEventListener("input", count);
  document.addEventListener("htmx:after:swap", alive);
  addEventListener("pageshow", alive);
  alive();
})();
