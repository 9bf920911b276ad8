// Keeps the phone's set of pages right in one round trip.
(() => {
  const { huiyou } = self;
  const { outbox, pages, sender, store } = huiyou;
  const FRESH_MS = 5 * 60_000;
  const SILENCE_MS = 20_000;

  /** The whole lines of a stream as they come. @param {ReadableStream<Uint8Array>} stream @param {() => void} alive */
  async function* pieces(stream, alive) {
    const reader = stream.getReader();
    const decoder = new TextDecoder();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      alive();
      const parts = (rest + decoder.decode(value, { stream: !done })).split("\n");
      rest = parts.pop() || "";
      yield parts.filter(Boolean).map((part) => JSON.parse(part));
      if (done) return;
    }
  }

  /** After the last line. @param {any} head @param {Set<string>} gone @param {any[]} decided */
  async function conclude(head, gone, decided) {
    if (gone.size) {
      await pages.drop(gone);
      await huiyou.packs?.drop(gone);
    }
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
      const gone = new Set();
      /** @type {any[]} */
      const decided = [];
      for await (const piece of pieces(response.body, alive)) {
        if ((await store.get("account") || "") !== account) return "left";
        const came = piece.filter((line) => line.url);
        for (const line of piece) {
          if (line.shell !== undefined) {
            head = line;
            if (head.account !== account) return huiyou.tell("connection", { state: "login" });
            await outbox.release(owner);
            if (head.shell !== await store.get("shell")) await pages.renewShell(account).catch(() => {});
          } else if (line.pack) await huiyou.packs?.put(line, account);
          else if (line.gone) gone.add(line.gone);
          else if (line.op_id) decided.push(line);
        }
        if (!await pages.put(came, account)) return "left";
        for (const { url } of came) huiyou.tell("page", { url });
        if (came.length) huiyou.tell("progress", { done: done += came.length, total: head.total });
        if (piece.at(-1)?.end) {
          await conclude(head, gone, decided);
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
    /** Brings this account's pages up to date; within five minutes of it only by `force` or `after` a replay. */
    async run({ force = false, after = false } = {}) {
      if (!self.caches || (self.document && !navigator.serviceWorker?.controller)) return "no worker";
      const fresh = async () => Math.abs(Date.now() - (await store.get("synced_at") || 0)) < FRESH_MS;
      return huiyou.alone("sync", async () => {
        if (await store.get("tombstone") || (!force && !after && await fresh())) return "fresh";
        return once(await store.get("account") || "");
      }, force);
    },
  };
})();
