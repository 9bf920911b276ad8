// On a page, what waits is sent at the moments when it may succeed.
(() => {
  const EVERY_MS = 30_000;
  const send = (/** @type {string} */ reason) => huiyou.sender.send({ reason });

  // A page that opens anew sends once it knows whose it is (`start.js`).
  addEventListener("pageshow", ({ persisted }) => persisted && send("open"));
  addEventListener("online", () => send("online"));
  document.addEventListener("visibilitychange", () => document.hidden || send("open"));
  setInterval(() => document.hidden || send("timer"), EVERY_MS);
})();
