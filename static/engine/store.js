// The phone's database: opened anew when it dies, and done only when the disk has it.
(() => {
  const { huiyou } = self;
  const OPEN_MS = 4000;
  /** What each version added; nothing is ever taken away. @type {[string, string][]} */
  const STORES = [["entries", "op_id"], ["meta", "key"], ["drafts", "key"], ["packs", "event"], ["keys", "key"]];
  /** @type {Promise<IDBDatabase> | null} */
  let opening = null;
  /** @type {Set<IDBTransaction>} */
  const running = new Set();

  /** @returns {Promise<IDBDatabase>} */
  function open() {
    return opening ||= new Promise((resolve, reject) => {
      const request = indexedDB.open("huiyou", 1);
      const late = setTimeout(() => reject(new Error("The phone's database does not open.")), OPEN_MS);
      request.onupgradeneeded = () => {
        const db = request.result;
        for (const [name, keyPath] of STORES) {
          if (!db.objectStoreNames.contains(name)) db.createObjectStore(name, { keyPath });
        }
      };
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        clearTimeout(late);
        const db = request.result;
        db.onclose = () => { opening = null; };
        db.onversionchange = () => { db.close(); opening = null; };
        resolve(db);
      };
    });
  }

  /** The result of a request. @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
  const ask = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

  /**
   * One transaction over `names`; resolves with what `work` returned once it is committed, rejects when nothing of it is.
   * @template T @param {string[]} names @param {IDBTransactionMode} mode
   * @param {(...stores: IDBObjectStore[]) => Promise<T>} work awaits nothing but `ask`
   * @returns {Promise<T>}
   */
  async function once(names, mode, work) {
    const transaction = (await open()).transaction(names, mode, { durability: mode === "readwrite" ? "strict" : "default" });
    /** @type {Promise<void>} */
    const committed = new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = transaction.onerror = () => reject(transaction.error || new Error("Nothing was stored."));
    });
    running.add(transaction);
    committed.catch(() => {});
    try {
      const result = await work(...names.map((name) => transaction.objectStore(name)));
      await committed;
      return result;
    } catch (error) {
      try { transaction.abort(); } catch { /* it is over already */ }
      throw transaction.error || error;
    } finally {
      running.delete(transaction);
    }
  }

  /** As `once`, anew when the connection has died or the page was put aside. @type {typeof once} */
  async function transact(names, mode, work) {
    try {
      return await once(names, mode, work);
    } catch (error) {
      if (/** @type {Error} */ (error).name === "QuotaExceededError") throw error;
      opening = null;
      await huiyou.store.aside;
      return once(names, mode, work);
    }
  }

  /** One request. @param {string} name @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest} request */
  const one = (name, mode, request) => transact([name], mode, (store) => {
    const answer = ask(request(store));
    store.transaction.commit?.();
    return answer;
  });

  huiyou.store = {
    ask,
    /** More than one request. @type {typeof once} */
    async transact(names, mode, work) {
      await huiyou.store.aside;
      return transact(names, mode, work);
    },
    running,
    /** Pending while the page is put aside. */
    aside: null,
    /** A small thing that the phone remembers. */
    get: async (key) => (await one("meta", "readonly", (meta) => meta.get(key)))?.value,
    set: (key, value) => one("meta", "readwrite", (meta) => meta.put({ key, value })),
    /** Any row of any store. */
    read: (name, key) => one(name, "readonly", (store) => store.get(key)),
    readAll: (name) => one(name, "readonly", (store) => store.getAll()),
    write: (name, row) => one(name, "readwrite", (store) => store.put(row)),
    remove: (name, key) => one(name, "readwrite", (store) => store.delete(key)),
    empty: (name) => one(name, "readwrite", (store) => store.clear()),
  };
})();
