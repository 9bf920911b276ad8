// What may not lie open on the phone is encrypted under keys that cannot be taken out of the browser.
(() => {
  const { huiyou } = self;
  const { store } = huiyou;
  const SECRET_FIELDS = ["password", "id_number"];

  /** The key of this name, made when it is first asked for. @param {string} name @returns {Promise<CryptoKey>} */
  async function keyOf(name) {
    const known = await store.read("keys", name);
    if (known) return known.value;
    const value = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    return store.transact(["keys"], "readwrite", async (keys) => {
      const other = await store.ask(keys.get(name));
      if (!other) await store.ask(keys.put({ key: name, value }));
      return other ? other.value : value;
    });
  }

  huiyou.vault = {
    async seal(key, value) {
      const iv = crypto.getRandomValues(new Uint8Array(12));
      const text = new TextEncoder().encode(JSON.stringify(value));
      return { key, iv: iv.buffer, data: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await keyOf(key), text) };
    },

    async unseal({ key, iv, data }) {
      const text = await crypto.subtle.decrypt({ name: "AES-GCM", iv: new Uint8Array(iv) }, await keyOf(key), new Uint8Array(data));
      return JSON.parse(new TextDecoder().decode(text));
    },

    /** Takes the secrets out of a form's values; returns them sealed, if there are any. */
    async takeSecrets(fields) {
      /** @type {Record<string, string>} */
      const secrets = {};
      for (const name of SECRET_FIELDS) {
        if (fields[name]) secrets[name] = fields[name];
        delete fields[name];
      }
      return Object.keys(secrets).length ? huiyou.vault.seal("outbox", secrets) : undefined;
    },
  };
})();
