// The engine's namespace, its ids, and news between a phone's tabs and its worker.
(() => {
  const huiyou = self.huiyou = self.huiyou || {};
  /** @type {Map<string, Set<(detail: any) => void>>} */
  const ears = new Map();
  const channel = self.BroadcastChannel ? new BroadcastChannel("huiyou") : null;

  /** @param {string} type @param {any} detail */
  function hear(type, detail) {
    for (const ear of ears.get(type) || []) ear(detail);
  }

  /** Calls `ear` at each piece of news of this type, from whichever tab it comes. */
  huiyou.on = (type, ear) => {
    ears.set(type, (ears.get(type) || new Set()).add(ear));
  };

  /** Tells all tabs and the worker. */
  huiyou.tell = (type, detail = {}) => {
    hear(type, detail);
    channel?.postMessage({ type, detail });
  };
  if (channel) channel.onmessage = ({ data }) => hear(data.type, data.detail);

  /** A UUID of version 7 (RFC 9562): 48 bits of time in ms, the rest random. */
  huiyou.uuid7 = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    const now = Date.now();
    for (let i = 0; i < 6; i++) bytes[i] = Math.floor(now / 2 ** (40 - 8 * i)) % 256;
    bytes[6] = (bytes[6] & 15) | 112;
    bytes[8] = (bytes[8] & 63) | 128;
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("").replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  };

  /** Runs `work` unless another tab, or the worker, does just that: `undefined` then, or it `waits`. */
  huiyou.alone = (name, work, waits = false) =>
    navigator.locks ? navigator.locks.request(`huiyou-${name}`, { ifAvailable: !waits }, (lock) => lock ? work() : undefined) : work();

  /** Asks the server, and nothing in between; with a body it posts JSON. */
  huiyou.call = async (url, body, more) => {
    const response = await fetch(url, {
      redirect: "manual", cache: "no-store", credentials: "same-origin",
      ...(body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }), ...more,
    });
    await huiyou.heed(response);
    return response;
  };

  /** A session that somebody ended from elsewhere takes the pages on this phone with it. */
  huiyou.heed = async (response) => {
    if (huiyou.ours(response) && response.headers.get("Session") === "ended") await huiyou.account?.end();
  };

  /** Gives up after so many ms. */
  huiyou.within = async (ms, ask) => {
    const stop = new AbortController();
    const late = setTimeout(() => stop.abort(), ms);
    return ask(stop.signal).finally(() => clearTimeout(late));
  };

  /** An answer is the application's own only if it says so; one that leads elsewhere shows no headers. */
  huiyou.ours = (response) => response.headers.has("Huiyou");
})();
