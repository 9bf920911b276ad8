// Sends what waits. An answer counts only if it is ours and echoes each operation.
(() => {
  const { huiyou } = self;
  const { outbox, store, vault } = huiyou;
  const MOST = 100;
  const MOST_BYTES = 60_000;
  const ANSWER_MS = 20_000;
  const INSISTENT = ["submit", "now", "login", "online", "open"];
  /** Since when nothing arrives: how often tried, and until when to wait; `asked` when the server said so. */
  const failures = { count: 0, until: 0, asked: 0 };
  let alarm = 0;

  /** 1 s to 5 min, doubled at each try, with jitter. @param {number} tries */
  const backoff = (tries) => Math.min(300_000, 1000 * 2 ** Math.min(tries, 9)) * (0.5 + Math.random() / 2);

  /** What may go now: each lane in order, none past an entry that waits (never a day: clocks are put back). @param {string} owner @param {number} most */
  async function ready(owner, most) {
    const entries = await outbox.waiting(owner);
    const open = new Set(entries.map((entry) => entry.op_id));
    const blocked = new Set();
    /** @type {Entry[]} */
    const going = [];
    let room = MOST_BYTES;
    for (const entry of entries) {
      const parentGoes = !entry.after || !open.has(entry.after) || going.some((other) => other.op_id === entry.after);
      const ahead = (entry.not_before || 0) - Date.now();
      const waits = entry.state === "held" || (ahead > 0 && ahead < 864e5) || !parentGoes;
      if (waits || blocked.has(entry.lane)) {
        blocked.add(entry.lane);
        continue;
      }
      room -= new TextEncoder().encode(JSON.stringify(entry)).length + 300;
      if (going.length && (going.length >= most || room < 0)) break;
      going.push(entry);
    }
    return going;
  }

  /** @param {Entry} entry as the server reads it */
  async function wire({ op_id, name, target, lane, after, seq, form_version, occurred_at, fields, secret, page }) {
    return { op_id, name, target, lane, after, seq, form_version, occurred_at, page, fields: secret ? { ...fields, ...await vault.unseal(secret) } : fields };
  }

  /** @param {Response} response in ms */
  function retryAfter(response) {
    const seconds = Number(response.headers.get("Retry-After"));
    return seconds > 0 ? Math.min(seconds, 300) * 1000 : 0;
  }

  /** Posts a batch; says what came: ours, size, portal, trouble or offline. @param {Sender} who @param {Entry[]} batch @returns {Promise<Came>} */
  async function post(who, batch) {
    const body = { ...who, generation: await store.get("generation"), sent_at: new Date().toISOString(), ops: await Promise.all(batch.map(wire)) };
    return huiyou.within(ANSWER_MS, async (signal) => {
      const response = await huiyou.call("/ops", body, { signal });
      const said = huiyou.ours(response) ? await response.json() : null;
      if (response.status === 200 && Array.isArray(said?.ops)) return { kind: "ours", body: said };
      if ([400, 413].includes(response.status) && said?.error) return { kind: "size", body: said };
      return { kind: response.status < 400 ? "portal" : "trouble", wait: retryAfter(response) };
    }).catch((error) => ({ kind: error instanceof SyntaxError ? "trouble" : "offline" }));
  }

  /** Applies the outcomes of a batch; false when the rest has to wait. @param {string} owner @param {Entry[]} batch @param {any[]} outcomes */
  async function settle(owner, batch, outcomes) {
    const said = new Map(outcomes.map((outcome) => [outcome?.op_id, outcome]));
    if (batch.some(({ op_id }) => said.get(op_id)?.outcome === "auth")) {
      await outbox.hold(owner);
      return false;
    }
    for (const { op_id, tries } of batch) {
      const outcome = said.get(op_id);
      if (outbox.FINAL.includes(outcome?.outcome)) await outbox.decide(op_id, outcome);
      else {
        const not_before = Date.now() + Math.max((outcome?.retry_after || 0) * 1000, backoff(tries));
        await outbox.defer(op_id, not_before);
        tryAgainAt(not_before);
      }
    }
    return true;
  }

  /** @param {number} instant in ms since 1970 */
  function tryAgainAt(instant) {
    clearTimeout(alarm);
    alarm = +setTimeout(() => huiyou.sender.send(), instant - Date.now() + 10);
  }

  /** A restored server is offered again what it may have lost; true if it was. @param {string | undefined} generation */
  async function compareGeneration(generation) {
    const known = await store.get("generation");
    if (!generation || known === generation) return false;
    await store.set("generation", generation);
    if (known) await outbox.offerAgain();
    return !!known;
  }

  /** What was never tried can be taken back: so after a failure, or offline, a word without consequence goes first. */
  async function reachable() {
    if (navigator.onLine !== false && !failures.count) return true;
    return huiyou.within(ANSWER_MS, (signal) => huiyou.call("/healthz", undefined, { signal })).then(huiyou.ours, () => false);
  }

  /** @param {any} result @param {string} kind @param {number} wait */
  function failed(result, kind, wait = 0) {
    failures.asked = Date.now() + wait;
    failures.until = Math.max(failures.asked, Date.now() + backoff(failures.count++));
    tryAgainAt(failures.until);
    result.answer = connection(kind);
  }

  /** @param {string} state */
  function connection(state) {
    huiyou.tell("connection", { state });
    return state;
  }

  /** Sends all that one owner has. @param {string} owner @param {Sender} who @param {any} result */
  async function sendAll(owner, who, result) {
    let most = MOST;
    for (let batch = await ready(owner, most); batch.length; batch = await ready(owner, most)) {
      if (!await reachable()) return failed(result, "offline");
      batch = await outbox.begin(batch.map((entry) => entry.op_id));
      if (!batch.length) continue;
      const { kind, body, wait } = await post(who, batch);
      if (kind === "size") {
        if (batch.length === 1) await outbox.decide(batch[0].op_id, { outcome: "refused", message: body.message });
        most = Math.max(1, batch.length >> 1);
        continue;
      }
      if (kind !== "ours") return failed(result, kind, wait);
      failures.count = failures.until = failures.asked = 0;
      for (const page of body.pages || []) {
        result.pages.push(page);
        if (who.account) await huiyou.pages.put(page, who.account).catch(() => {});
      }
      if (await compareGeneration(body.generation)) continue;
      if (!await settle(owner, batch, body.ops)) {
        result.answer = connection("login");
        return;
      }
      result.sent += batch.length;
      result.answer = connection("online");
    }
  }

  huiyou.sender = {
    compareGeneration,

    /** Sends what waits. Answers "idle" when nothing waits, "busy" when another tab sends, else how it went. */
    async send({ reason = "timer" } = {}) {
      const result = { sent: 0, answer: "busy", pages: [] };
      const wait = reason === "now" ? 0 : INSISTENT.includes(reason) ? failures.asked : failures.until;
      if (wait > Date.now()) return { ...result, answer: "idle" };
      await huiyou.alone("outbox", async () => {
        result.answer = "idle";
        if (await store.get("tombstone")) return;
        const [account, visitor] = [await store.get("account"), await huiyou.account.visitor()];
        if (account) await sendAll(account, { account, outbox: visitor }, result);
        await sendAll(visitor, { account: null, outbox: visitor }, result);
      });
      if (result.answer === "busy" && reason !== "again") setTimeout(() => huiyou.sender.send({ reason: "again" }), 400);
      if (result.sent) huiyou.sync?.run({ after: true });
      return result;
    },
  };
})();
