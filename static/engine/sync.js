// Keeps the phone's set of pages right in one round trip: it says what it has, and is given what is missing.
(() => {
  const { huiyou } = self;
  const { outbox, pages, sender, store } = huiyou;
  const FRESH_MS = 5 * 60_000;
  const SILENCE_MS = 20_000;

  /** The lines of a stream, each when it is whole. @param {ReadableStream<Uint8Array>} stream @param {() => void} alive */
  async function* lines(stream, alive) {
    const reader = stream.getReader();
    const decoder = new TextDecoder();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      alive();
      const parts = (rest + decoder.decode(value, { stream: !done })).split("\n");
      rest = parts.pop() || "";
      for (const part of parts) if (part) yield JSON.parse(part);
      if (done) return;
    }
  }

  /** What counts only after the last line. @param {any} head @param {{gone: Set<string>, decided: any[]}} heard */
  async function conclude(head, { gone, decided }) {
    await pages.drop(gone);
    await huiyou.packs?.drop(gone);
    await sender.compareGeneration(head.generation);
    for (const operation of decided) await outbox.decide(operation.op_id, operation);
    await store.set("counts", head.counts);
    await store.set("synced_at", Date.now());
    huiyou.tell("synced", { counts: head.counts });
  }

  /** @param {string} account */
  async function once(account) {
    const have = [...(await pages.list()).map((page) => page.etag), ...await huiyou.packs?.etags() || []];
    const owner = account || await huiyou.account.visitor();
    const wonders = (await outbox.waiting(owner)).filter((entry) => entry.tries).map((entry) => entry.op_id);
    const stop = new AbortController();
    let silence = setTimeout(() => stop.abort(), SILENCE_MS);
    const alive = () => {
      clearTimeout(silence);
      silence = setTimeout(() => stop.abort(), SILENCE_MS);
    };
    try {
      const response = await huiyou.call("/sync", { have, ops: wonders.slice(0, 100) }, { signal: stop.signal });
      const type = response.headers.get("Content-Type") || "";
      if (response.status !== 200 || !huiyou.ours(response) || !type.startsWith("application/x-ndjson") || !response.body) return "none";
      let head;
      let done = 0;
      const heard = { gone: new Set(), decided: /** @type {any[]} */ ([]) };
      for await (const line of lines(response.body, alive)) {
        if ((await store.get("account") || "") !== account) return "left";
        if (line.shell !== undefined) {
          head = line;
          if (head.account !== account) return huiyou.tell("connection", { state: "login" });
          await outbox.release(owner);
          if (head.shell !== await store.get("shell")) await pages.renewShell(account).catch(() => {});
        } else if (line.url) {
          await pages.put(line, account);
          huiyou.tell("page", { url: line.url });
          huiyou.tell("progress", { done: ++done, total: head.total });
        } else if (line.pack) await huiyou.packs?.put(line, account);
        else if (line.gone) heard.gone.add(line.gone);
        else if (line.op_id) heard.decided.push(line);
        else if (line.end) {
          await conclude(head, heard);
          return "synced";
        }
      }
      return "broken";
    } catch (error) {
      if (/** @type {Error} */ (error).name === "QuotaExceededError") huiyou.tell("full");
      return "none";
    } finally {
      clearTimeout(silence);
    }
  }

  huiyou.sync = {
    /** Brings this account's pages up to date; within five minutes of the last time only by `force` or `after` a replay. */
    async run({ force = false, after = false } = {}) {
      if (!self.caches || (self.document && !navigator.serviceWorker?.controller)) return "no worker";
      const fresh = async () => Date.now() - (await store.get("synced_at") || 0) < FRESH_MS;
      return huiyou.alone("sync", async () => {
        if (await store.get("tombstone") || (!force && !after && await fresh())) return "fresh";
        return once(await store.get("account") || "");
      }, force);
    },
  };
})();
