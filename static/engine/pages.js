// The pages on the phone: fragments in a cache named by account.
(() => {
  const { huiyou } = self;
  const { store } = huiyou;
  const SHELL = "/shell";
  /** What the shell's answer says of how a page may behave. */
  const KEPT_HEADERS = /^(content-(type|security-policy|language)|x-content|referrer|cross-origin|permissions|strict|shell|account|huiyou)/;

  /** @param {string | null} account @returns {Promise<Cache>} */
  const cacheOf = (account) => caches.open(`pages-${account || "visitor"}`);
  const own = async () => cacheOf(await store.get("account") || "");

  /** @param {Response} response */
  const facts = ({ headers }) => ({
    url: headers.get("Page") || "",
    etag: headers.get("Etag") || "",
    title: decodeURIComponent(headers.get("Fragment-Title") || ""),
    as_of: headers.get("As-Of") || "",
    size: Number(headers.get("Size")),
  });

  huiyou.pages = {
    /** All pages of this account on the phone. */
    async list() {
      const all = await (await own()).matchAll();
      return all.filter((response) => response.headers.has("Page")).map(facts);
    },

    /** A page as it lies on the phone. */
    async read(url, account) {
      const kept = await (await (account === undefined ? own() : cacheOf(account))).match(url);
      return kept?.headers.has("Page") ? { ...facts(kept), html: await kept.text() } : null;
    },

    /** Keeps a page, or some singly; false when their account has left. */
    async put(page, account) {
      const cache = await cacheOf(account);
      const kept = (async () => {
        for (const { url, etag, title, html, as_of } of [page].flat()) await cache.put(url, new Response(html, { headers: {
          "Content-Type": "text/html; charset=utf-8", Page: url, Etag: etag, "Fragment-Title": encodeURIComponent(title),
          "As-Of": as_of, Size: String(new TextEncoder().encode(html).length),
        } }));
      })();
      await kept.catch(() => {});
      const here = (await store.get("account") || "") === account;
      if (!here) await caches.delete(`pages-${account || "visitor"}`);
      await kept;
      return here;
    },

    /** Forgets the pages with these etags, or, to make room, all. */
    async drop(etags) {
      const cache = await own();
      for (const { url, etag } of await huiyou.pages.list()) if (!etags || etags.has(etag)) await cache.delete(url);
    },

    /** The shell around each page of this account, if the phone has it. */
    shell: async (account) => (await cacheOf(account)).match(SHELL),

    /** Fetches the shell anew; false when it was not this account's. A phone that knows nobody yet takes whose it is. */
    async renewShell(account) {
      const response = await huiyou.call(SHELL);
      const whose = response.headers.get("Account");
      if (response.status !== 200 || !huiyou.ours(response) || whose !== (account ?? whose)) return false;
      if (await store.get("account") === undefined) await store.set("account", whose);
      const headers = [...response.headers].filter(([name]) => KEPT_HEADERS.test(name));
      const html = await response.text();
      await (await cacheOf(whose)).put(SHELL, new Response(html, { headers }));
      await store.set("english", html.includes('<html lang="en"'));
      await store.set("shell", response.headers.get("Shell"));
      return true;
    },
  };
})();
