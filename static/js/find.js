// input[data-find]: a tap selects what was looked for last, so that typing replaces it, and brings the list to the top.
document.addEventListener("pointerdown", (event) => {
  const field = event.target instanceof Element && event.target.closest("[data-find]");
  if (!(field instanceof HTMLInputElement) || field === document.activeElement) return;
  field.addEventListener("click", () => {
    field.select();
    field.closest("section")?.scrollIntoView();
  }, { once: true });
});
