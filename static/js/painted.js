// Tells the worker that the page is being painted: it holds the page's last bytes back so long, and with them every script.
(() => {
  const tell = () => navigator.serviceWorker?.controller?.postMessage("painted");
  const look = () => document.getElementById("main") ? setTimeout(tell) : requestAnimationFrame(look);
  if (document.hidden) tell();
  else requestAnimationFrame(look);
})();
