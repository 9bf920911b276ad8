// [data-line]: a comment on that line is written in the form below; [data-go-line]: that line of the text.
(() => {
  const huiyou = self.huiyou;
  const desk = huiyou.desk = huiyou.desk || {};
  if (desk.comments) return;
  desk.comments = true;

  /** Marks a line of the text that is being written. @param {number} line */
  function go(line) {
    const area = desk.toolbar?.text();
    if (!area) return;
    const lines = area.value.split("\n");
    const start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    area.focus();
    area.setSelectionRange(start, start + (lines[line - 1] || "").length);
    area.scrollIntoView({ block: "center" });
    area.scrollTop = Math.max(0, area.scrollHeight * (line - 3) / Math.max(1, lines.length));
  }

  document.addEventListener("click", (event) => {
    const button = /** @type {Element} */ (event.target).closest?.("[data-line], [data-go-line]");
    if (!(button instanceof HTMLElement)) return;
    if (button.dataset.goLine) return go(Number(button.dataset.goLine));
    const form = document.getElementById("comment-form");
    const select = form?.querySelector("select");
    const area = form?.querySelector("textarea");
    if (!form || !select || !area) return;
    select.value = button.dataset.line || "";
    button.closest("li")?.append(form);
    form.scrollIntoView({ block: "nearest" });
    area.focus();
  });
})();
