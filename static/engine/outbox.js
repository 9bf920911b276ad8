// The outbox: each operation on its way to its one final outcome, by compare-and-set.
(() => {
  const { huiyou } = self;
  const { store, vault } = huiyou;
  const { ask } = store;
  const FINAL = ["accepted", "waitlisted", "duplicate", "refused", "not_sent", "withdrawn"];
  const HAD_EFFECT = ["accepted", "waitlisted", "duplicate"];
  const RECEIPT_MS = 30 * 864e5;

  const isFinal = (/** @type {Entry} */ entry) => FINAL.includes(entry.state);
  const neverSent = (/** @type {Entry} */ entry) => !entry.tries && ["pending", "held"].includes(entry.state);

  /** @typedef {(entry: Entry) => Promise<Entry>} Put */

  /** Works on the entries in one transaction, and tells what changed. @param {(entries: IDBObjectStore, meta: IDBObjectStore, put: Put) => Promise<any>} work */
  async function change(work) {
    /** @type {Entry[]} */
    let changed = [];
    const result = await store.transact(["entries", "meta"], "readwrite", (entries, meta) => {
      changed = [];
      return work(entries, meta, async (entry) => {
        await ask(entries.put(entry));
        changed.push(entry);
        return entry;
      });
    });
    if (changed.length) huiyou.tell("entries");
    for (const entry of changed) if (isFinal(entry)) huiyou.tell("decided", { entry });
    return result;
  }

  /** @param {Given} given @returns {Promise<Entry>} */
  async function prepared(given) {
    const fields = { ...given.fields };
    const secret = await vault.takeSecrets(fields);
    return { seq: 0, ...given, occurred_at: given.occurred_at || new Date().toISOString(), fields, ...(secret && { secret }), state: "pending", tries: 0 };
  }

  /** What depends on a `parent` without effect has none either. @param {Entry} parent @param {IDBObjectStore} entries @param {Put} put */
  async function dropChildren(parent, entries, put) {
    if (!isFinal(parent) || HAD_EFFECT.includes(parent.state)) return;
    for (const child of await ask(entries.getAll())) {
      if (child.after !== parent.op_id || isFinal(child)) continue;
      delete child.secret;
      await dropChildren(await put({ ...child, state: "not_sent", outcome: "not_sent", message: parent.message || "", decided_at: Date.now() }), entries, put);
    }
  }

  /** @param {Entry} entry @param {IDBObjectStore} entries @param {IDBObjectStore} meta @param {Put} put */
  async function insert(entry, entries, meta, put) {
    if (!await ask(entries.get(entry.op_id))) {
      const seq = entry.seq || ((await ask(meta.get("seq")))?.value || 0) + 1;
      if (!entry.seq) await ask(meta.put({ key: "seq", value: seq }));
      await put({ ...entry, seq });
      const parent = entry.after && await ask(entries.get(entry.after));
      if (parent) await dropChildren(parent, entries, put);
    }
    return ask(entries.get(entry.op_id));
  }

  huiyou.outbox = {
    FINAL,
    isFinal,

    /** Stores an operation; resolves when the disk has it. One that is there already is left as it is. */
    async add(given) {
      const entry = await prepared(given);
      const keep = () => change((entries, meta, put) => insert(entry, entries, meta, put));
      try {
        return await keep();
      } catch (error) {
        if (/** @type {Error} */ (error).name !== "QuotaExceededError") throw error;
        await huiyou.pages.drop();
        return keep();
      }
    },

    get: (op_id) => store.read("entries", op_id),

    /** All entries of an owner, oldest first. */
    async list(owner) {
      const all = await store.readAll("entries");
      return all.filter((entry) => entry.owner === owner).sort((a, b) => a.seq - b.seq);
    },

    /** Those without a final outcome. */
    waiting: async (owner) => (await huiyou.outbox.list(owner)).filter((entry) => !isFinal(entry)),

    /** Takes an entry back that was never sent; false if it may have arrived. */
    withdraw: (op_id) => change(async (entries, _, put) => {
      const entry = await ask(entries.get(op_id));
      if (!entry || !neverSent(entry)) return false;
      delete entry.secret;
      await dropChildren(await put({ ...entry, state: "withdrawn", decided_at: Date.now() }), entries, put);
      return true;
    }),

    /** Puts `given` in the place of an entry that was never sent; false if it may have arrived. */
    async replace(op_id, given) {
      const entry = await prepared(given);
      return change(async (entries, meta, put) => {
        const old = await ask(entries.get(op_id));
        if (!old || !neverSent(old)) return false;
        if (!entry.secret && old.secret) entry.secret = old.secret;
        await insert({ ...entry, seq: old.seq, after: old.after, occurred_at: old.occurred_at }, entries, meta, put);
        for (const child of await ask(entries.getAll())) {
          if (child.after !== op_id) continue;
          if (child.fields.version === op_id) child.fields.version = entry.op_id;
          await put({ ...child, after: entry.op_id });
        }
        delete old.secret;
        await put({ ...old, state: "withdrawn", replaced_by: entry.op_id, decided_at: Date.now() });
        return true;
      });
    },

    /** Marks these as sent, unless they were decided or taken back meanwhile; returns those that may go. */
    begin: (op_ids) => change(async (entries, _, put) => {
      const going = [];
      for (const op_id of op_ids) {
        const entry = await ask(entries.get(op_id));
        if (entry && ["pending", "sending"].includes(entry.state)) going.push(await put({ ...entry, state: "sending", tries: entry.tries + 1 }));
      }
      return going;
    }),

    /** Records the server's outcome. */
    decide: (op_id, { outcome, message = "", url, verdict }) => change(async (entries, _, put) => {
      const entry = await ask(entries.get(op_id));
      if (!entry || isFinal(entry) || !FINAL.includes(outcome)) return;
      delete entry.secret;
      await dropChildren(await put({ ...entry, state: outcome, outcome, message, url, verdict, decided_at: Date.now() }), entries, put);
    }),

    /** Leaves a lane alone until `not_before` (ms since 1970). */
    defer: (op_id, not_before) => change(async (entries, _, put) => {
      const entry = await ask(entries.get(op_id));
      if (entry?.state === "sending") await put({ ...entry, not_before });
    }),

    /** Nothing of this owner goes out until `release`. */
    hold: (owner) => move(owner, ["pending", "sending"], "held"),

    /** The owner has logged in again. */
    release: (owner) => move(owner, ["held"], "pending"),

    /** Offers what had an effect again, to a server that was restored from a backup. */
    offerAgain: () => change(async (entries, _, put) => {
      for (const entry of await ask(entries.getAll())) {
        if (HAD_EFFECT.includes(entry.state)) await put({ ...entry, state: "pending", again: true, not_before: 0 });
      }
    }),

    /** The person has seen a final outcome. */
    acknowledge: (op_id) => change(async (entries, _, put) => {
      const entry = await ask(entries.get(op_id));
      if (entry && isFinal(entry)) await put({ ...entry, acknowledged: true });
    }),

    /** Receipts go after 30 days; what waits, or was refused and not yet seen, never does. */
    sweep: () => change(async (entries) => {
      for (const entry of await ask(entries.getAll())) {
        const settled = isFinal(entry) && (entry.state !== "refused" || entry.acknowledged);
        if (settled && entry.decided_at < Date.now() - RECEIPT_MS) await ask(entries.delete(entry.op_id));
      }
    }),

    /** On the owner's word: all that is theirs, or with `keep` all but what waits. */
    forget: (owner, { keep = false } = {}) => change(async (entries) => {
      for (const entry of await ask(entries.getAll())) {
        if (entry.owner === owner && !(keep && !isFinal(entry))) await ask(entries.delete(entry.op_id));
      }
    }),
  };

  /** @param {string} owner @param {string[]} from @param {string} state */
  function move(owner, from, state) {
    return change(async (entries, _, put) => {
      for (const entry of await ask(entries.getAll())) {
        if (entry.owner === owner && from.includes(entry.state)) await put({ ...entry, state });
      }
    });
  }
})();
