// The page's title comes from <main data-title>, also when only <main> was exchanged.
(() => {
  function entitle() {
    const name = document.querySelector("meta[name=application-name]")?.getAttribute("content");
    const title = document.getElementById("main")?.dataset.title;
    if (title) document.title = name ? `${title} · ${name}` : title;
  }
  entitle();
  document.addEventListener("htmx:after:swap", entitle);
})();
