// The packs of doors on this phone: rosters, sealed under a key that cannot be taken out, and gone a day after the event.
(() => {
  const { huiyou } = self;
  const { store, vault } = huiyou;
  const ASSETS_OF_DOORS = "door";

  /** @typedef {{event: string, etag: string, account: string, until: number, at: number, sealed: any}} Row */

  /** What has run out goes, and what another account left. @returns {Promise<Row[]>} */
  async function rows() {
    const account = await store.get("account") || "";
    const all = await store.readAll("packs");
    const kept = all.filter((/** @type {Row} */ row) => row.account === account && row.until > Date.now());
    for (const row of all) if (!kept.includes(row)) await store.remove("packs", row.event);
    return kept;
  }

  /** The door's own scripts lie on phones that keep doors, and on no other. @param {string[]} urls */
  async function keepAssets(urls) {
    const cache = await caches.open(ASSETS_OF_DOORS);
    for (const request of await cache.keys()) if (!urls.includes(new URL(request.url).pathname)) await cache.delete(request);
    for (const url of urls) if (!await cache.match(url)) await cache.add(url);
  }

  huiyou.packs = {
    /** The etags of the packs that lie on this phone. @returns {Promise<string[]>} */
    etags: async () => (await rows()).map(({ etag }) => etag),

    /** Keeps a pack for the account that is logged in, or for nobody when that has changed since. @param {{pack: string, etag: string, data: any}} line @param {string} [given] */
    async put({ pack, etag, data }, given) {
      const account = await store.get("account") || "";
      const until = Date.parse(data.rules.kept_until);
      if (!account || (given !== undefined && given !== account) || until <= Date.now()) return;
      const sealed = await vault.seal("packs", data);
      if (await store.get("account") !== account) return;
      await store.write("packs", { event: pack, etag, account, until, at: Date.now(), sealed });
      huiyou.tell("pack", { event: pack });
      if (self.caches) await keepAssets(data.assets).catch(() => {});
    },

    /** A pack as it lies here, or null. @param {string} event @returns {Promise<{etag: string, at: number, data: any} | null>} */
    async get(event) {
      const row = (await rows()).find((each) => each.event === event);
      if (!row) return null;
      try {
        return { etag: row.etag, at: row.at, data: await vault.unseal(row.sealed) };
      } catch {
        await store.remove("packs", event);
        return null;
      }
    },

    /** Forgets the packs with these etags: the role has ended, or a newer one has come. @param {Set<string>} gone */
    async drop(gone) {
      for (const { event, etag } of await rows()) if (gone.has(etag)) await huiyou.packs.remove(event);
    },

    /** @param {string} event */
    async remove(event) {
      await store.remove("packs", event);
      huiyou.tell("pack", { event });
    },

    /** Forgets what has run out. */
    sweep: async () => { await rows(); },
  };
})();
