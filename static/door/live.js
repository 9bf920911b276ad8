// Phones at one door hear of each other through the server, every few seconds while there is a network.
(() => {
  const { huiyou } = self;
  const EVERY_MS = 3000;
  const SILENT_EVERY_MS = 5000;
  const ANSWER_MS = 4000;

  /** @param {string} url @param {Record<string, string>} [headers] */
  async function ask(url, headers) {
    const stop = new AbortController();
    const late = setTimeout(() => stop.abort(), ANSWER_MS);
    try {
      const response = await huiyou.call(url, undefined, { headers: { ...headers }, signal: stop.signal });
      const body = huiyou.ours(response) && response.status === 200 ? await response.json() : null;
      return { ours: huiyou.ours(response), status: response.status, body, etag: response.headers.get("ETag") || "" };
    } catch {
      return { ours: false, status: 0, body: null, etag: "" };
    } finally {
      clearTimeout(late);
    }
  }

  huiyou.doorLive = {
    /** The pack as the server has it now, kept on this phone; null when it cannot be had, "ended" when one may not any more. @param {string} event @returns {Promise<any>} */
    async pack(event) {
      const { ours, status, body, etag } = await ask(`/events/${event}/door/pack`);
      if (ours && [403, 404].includes(status)) {
        await huiyou.packs.remove(event).catch(() => {});
        return "ended";
      }
      if (!body) return null;
      const line = { pack: event, etag: body.etag || etag.replace(/"/g, ""), data: body };
      await huiyou.packs.put(line).catch(() => {});
      return { ...line, at: Date.now() };
    },

    /**
     * Asks for news until the page is left.
     * @param {string} event @param {{since: () => number, stamp: () => string, waits: () => boolean, hear: (news: any) => void, renew: () => Promise<void>, ended: () => void, online: (is: boolean) => void}} door
     */
    listen(event, door) {
      let renewing = "";
      const once = async () => {
        if (document.hidden) return EVERY_MS;
        const asked = Date.now();
        const { ours, status, body } = await ask(`/events/${event}/door/news?since=${door.since()}`);
        if (ours && [403, 404].includes(status)) {
          await huiyou.packs.remove(event).catch(() => {});
          door.ended();
          return 0;
        }
        door.online(!!body);
        if (!body) return SILENT_EVERY_MS;
        await huiyou.store.set("door_skew", Date.parse(body.now) - (asked + Date.now()) / 2).catch(() => {});
        door.hear(body);
        if (door.waits()) huiyou.sender.send({ reason: "online" });
        if (body.roster !== door.stamp() && body.roster !== renewing) {
          renewing = body.roster;
          await door.renew();
        }
        return body.more ? 0.1 : EVERY_MS;
      };
      const go = async () => {
        const wait = await once().catch(() => SILENT_EVERY_MS);
        if (wait) setTimeout(go, wait);
      };
      go();
      return { now: once };
    },
  };
})();
