// On a page, what waits is sent at the moments when it may succeed.
(() => {
  const EVERY_MS = 30_000;
  const send = (/** @type {string} */ reason) => huiyou.sender.send({ reason });

  addEventListener("pageshow", () => send("open"));
  addEventListener("online", () => send("online"));
  document.addEventListener("visibilitychange", () => document.hidden || send("open"));
  setInterval(() => document.hidden || send("timer"), EVERY_MS);
})();
