// A browser may put a page that is left aside as it is, to show it again by Back. WebKit does so in the midst of a
// transaction, and every other page of this phone would wait for its end. So what is under way is taken back, and done anew
// when the page returns; a page that does not return is one that was closed in that moment.
(() => {
  const { store } = huiyou;
  let back = () => {};

  addEventListener("pagehide", ({ persisted }) => {
    if (!persisted) return;
    store.aside = new Promise((resolve) => { back = resolve; });
    for (const transaction of store.running) {
      try { transaction.abort(); } catch { /* it is over already */ }
    }
  });

  addEventListener("pageshow", () => back());
})();
