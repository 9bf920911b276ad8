// A browser may paint a page before it has read that the page wants a transition; the page is whole, so that is no fault.
(() => {
  addEventListener("unhandledrejection", (event) => {
    const { name, message } = event.reason || {};
    if (name === "InvalidStateError" && /transition/i.test(message)) event.preventDefault();
  });
})();
