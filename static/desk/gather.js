// form[data-gather]: cards are picked, rewritten and put in order by dragging, by arrow keys and by buttons.
(() => {
  const huiyou = self.huiyou;
  const desk = huiyou.desk = huiyou.desk || {};
  if (desk.gather) return;
  desk.gather = true;
  /** The card that is being dragged. @type {HTMLElement | null} */
  let dragged = null;

  /** @returns {HTMLFormElement | null} */
  const open = () => document.querySelector("form[data-gather]");
  /** @param {Element} list @returns {HTMLElement[]} */
  const cards = (list) => [...list.querySelectorAll(/** @type {"li"} */ ("li.gathered"))];
  /** @param {Element} card @param {string} what @returns {any} */
  const field = (card, what) => card.querySelector(what);

  /** Writes down what is picked, in order; the server puts it together. */
  function note() {
    const form = open();
    if (!form) return;
    const picked = cards(form).filter((card) => field(card, "[name=pick]").checked);
    const items = picked.map((card) => ({ kind: card.dataset.kind, line: field(card, "textarea").value.replace(/\s*\n\s*/g, " ").trim() }));
    form.elements.items.value = items.length ? JSON.stringify(items) : "";
    const place = form.querySelector("[data-picked]");
    if (place instanceof HTMLElement) place.textContent = (place.dataset.words || "").replace("{}", String(items.length));
    for (const list of form.querySelectorAll("[data-sortable]")) cards(list).forEach((card, at) => { field(card, ".order input").value = at + 1; });
  }

  /** Puts a card before or after its neighbour, and says where it is now. @param {HTMLElement} card @param {number} by */
  function move(card, by) {
    const list = /** @type {HTMLElement} */ (card.parentElement);
    const all = cards(list);
    const at = all.indexOf(card) + by;
    if (at < 0 || at >= all.length) return;
    if (by < 0) all[at].before(card);
    else all[at].after(card);
    note();
    const said = JSON.parse(open()?.dataset.words || "{}").moved || "";
    const place = document.getElementById("moved");
    if (place) place.textContent = said.replace("{}", String(at + 1)).replace("{}", String(all.length));
  }

  document.addEventListener("click", (event) => {
    const button = /** @type {Element} */ (event.target).closest?.("[data-gather] [data-move]");
    const card = button?.closest("li");
    if (!(button instanceof HTMLElement) || !card) return;
    move(card, Number(button.dataset.move));
    button.focus();
  });
  document.addEventListener("keydown", (event) => {
    const handle = /** @type {Element} */ (event.target).closest?.("[data-gather] [data-handle]");
    const card = handle?.closest("li");
    const by = { ArrowUp: -1, ArrowDown: 1 }[/** @type {"ArrowUp"} */ (event.key)];
    if (!(handle instanceof HTMLElement) || !card || !by) return;
    event.preventDefault();
    move(card, by);
    handle.focus();
  });

  document.addEventListener("pointerdown", (event) => {
    const handle = /** @type {Element} */ (event.target).closest?.("[data-gather] [data-handle]");
    if (!handle) return;
    dragged = handle.closest("li");
    dragged?.setAttribute("data-dragged", "");
    handle.setPointerCapture(event.pointerId);
    event.preventDefault();
    /** @type {HTMLElement} */ (handle).focus();
  });
  document.addEventListener("pointermove", (event) => {
    if (!dragged?.parentElement) return;
    const all = cards(dragged.parentElement);
    const over = all.find((card) => {
      const box = card.getBoundingClientRect();
      return event.clientY >= box.top && event.clientY <= box.bottom;
    });
    if (over && over !== dragged) move(dragged, all.indexOf(over) - all.indexOf(dragged) < 0 ? -1 : 1);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    document.addEventListener(end, () => {
      dragged?.removeAttribute("data-dragged");
      dragged = null;
    });
  }

  function alive() {
    const form = open();
    if (!form) return;
    form.dataset.live = "";
    note();
  }
  for (const change of ["input", "change"]) document.addEventListener(change, note);
  document.addEventListener("htmx:after:swap", alive);
  document.addEventListener("huiyou:edits", alive);
  addEventListener("pageshow", alive);
  alive();
})();
