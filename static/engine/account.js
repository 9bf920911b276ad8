// Whose phone this is just now: adopted from what the server says, and left only on the person's word.
(() => {
  const { huiyou } = self;
  const { outbox, pages, sender, store } = huiyou;
  const MARK = "account";

  /** The marker that other tabs, and a page that comes back, compare. @param {string} account */
  function mark(account) {
    try { localStorage.setItem(MARK, account); } catch { /* a browser that keeps nothing has nothing to compare */ }
  }

  /** @param {string} account */
  async function clear(account) {
    await caches?.delete(`pages-${account || "visitor"}`);
    for (const name of ["drafts", "packs"]) await store.empty(name);
    await store.remove("keys", "packs");
    for (const key of ["shell", "counts", "synced_at"]) await store.remove("meta", key);
  }

  huiyou.account = {
    /** Who this page was made for; "" is a visitor. */
    current: () => document.documentElement.dataset.account || "",

    /** Who this phone's tabs agree on, or null where the browser keeps nothing. */
    marked: () => {
      try { return localStorage.getItem(MARK); } catch { return null; }
    },

    /** The random id under which a visitor's operations stand. */
    visitor: async () => await store.get("visitor") || store.transact(["meta"], "readwrite", async (meta) => {
      const known = (await store.ask(meta.get("visitor")))?.value || huiyou.uuid7();
      await store.ask(meta.put({ key: "visitor", value: known }));
      return known;
    }),

    /** Whose outbox a page's forms go to. */
    owner: async () => huiyou.account.current() || huiyou.account.visitor(),

    /** The server has said who is logged in: pages and outbox are theirs from now on. */
    async adopt(account) {
      const before = await store.get("account");
      const unsettled = await store.get("unsettled");
      if (!account && before) {
        await store.remove("meta", "unsettled");
        return huiyou.tell("connection", { state: "login" });
      }
      mark(account);
      const other = before !== account;
      if (other) {
        await clear(before);
        await store.set("account", account);
        huiyou.tell("account", { account });
      }
      await outbox.release(account);
      if ((unsettled || other && before !== undefined) && navigator.serviceWorker) await pages.renewShell(account).catch(() => false);
      if (unsettled) await store.remove("meta", "unsettled");
      if (!other) return;
      await sender.send({ reason: "login" });
      await huiyou.sync.run({ force: true });
    },

    /** The person leaves: nothing of theirs opens from now on; what they `keep` waits. False while only a tombstone ends the session. */
    async leave({ keep = false } = {}) {
      const account = await store.get("account") || "";
      await store.set("tombstone", true);
      mark("");
      huiyou.tell("account", { account: "" });
      await store.set("account", "");
      await outbox.forget(account, { keep });
      await clear(account);
      return huiyou.account.bury();
    },

    /** The session was ended from elsewhere: its pages go, what waits is kept for its owner, unseen. */
    async end() {
      if (!await store.get("account")) return;
      await huiyou.account.leave({ keep: true });
      huiyou.tell("ended");
    },

    /** Asks the server to end the session of whoever has left. */
    async bury() {
      try {
        const response = await fetch("/logout", { method: "POST", cache: "no-store", credentials: "same-origin" });
        if (!huiyou.ours(response) || response.headers.get("Account") !== "") return false;
      } catch {
        return false;
      }
      await store.remove("meta", "tombstone");
      await pages.renewShell("").catch(() => false);
      return true;
    },
  };
})();
