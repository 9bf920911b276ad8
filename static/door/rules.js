// The rules of the door, as the server has them in blueprints/door/rules.py: tests/contracts/door_cases.json holds for both.
(() => {
  const huiyou = self.huiyou = self.huiyou || {};
  const OPENS_BEFORE_MS = 2 * 3_600_000;
  /** @type {Record<string, string>} */
  const TONES = {
    admitted: "good", signed_but_unknown: "wait", not_yet: "wait", waitlisted: "wait", already_in: "bad", cancelled: "bad",
    other_event: "bad", forged: "bad", event_cancelled: "bad",
  };
  const LETS_IN = ["admitted", "signed_but_unknown"];
  /** The order of P-256 (FIPS 186-5), halved: of two valid values of s the smaller is ours. */
  const HALF_ORDER = 0x7FFFFFFF800000007FFFFFFFFFFFFFFFDE737D56D38BCF4279DCE5617E3192A8n;

  /** @typedef {{source: string, ticket?: string}} Scan what was seen; `ticket` is what its signature says */
  /** @typedef {{state: string | null, inside: boolean}} Roster the sign-up's state, and whether the person is inside */
  /** @typedef {{state: string, starts_at: number}} Evening `starts_at` in ms since 1970 */
  /** @typedef {{key: string, at: number, says: string, told?: string | null, device?: string | null, undone?: boolean}} Fact */
  /** @typedef {{verdict: string, inside: boolean, flag: string | null}} Settled */

  /** One of `TONES`. A walk-in is the organizer's own decision. @param {Scan} scan @param {Roster} entry @param {Evening} event @param {number} now */
  function verdict(scan, entry, event, now) {
    if (scan.source === "ticket" && scan.ticket !== "genuine") return scan.ticket || "forged";
    if (event.state === "cancelled") return "event_cancelled";
    if (entry.inside) return "already_in";
    if (scan.source !== "walk_in" && (entry.state === "cancelled" || entry.state === "waitlisted")) return entry.state;
    if (now < event.starts_at - OPENS_BEFORE_MS) return "not_yet";
    return scan.source === "walk_in" || entry.state !== null ? "admitted" : "signed_but_unknown";
  }

  /** @param {string | null | undefined} told */
  const letsIn = (told) => LETS_IN.includes(told || "");
  /** @param {Fact} fact */
  const enters = (fact) => !fact.undone && letsIn(fact.says) && (fact.told == null || letsIn(fact.told));

  /** What all facts about one guest come to, in whatever order they arrived. @param {Fact[]} facts @returns {Settled[]} */
  function settle(facts) {
    const entering = facts.filter(enters).sort((a, b) => a.at - b.at || (a.key < b.key ? -1 : 1));
    return facts.map((fact) => settled(fact, entering));
  }

  /** @param {Fact} fact @param {Fact[]} entering @returns {Settled} */
  function settled(fact, entering) {
    const is = (/** @type {string} */ said, /** @type {string | null} */ flag = null, inside = false) => ({ verdict: said, inside, flag });
    if (enters(fact)) {
      if (fact === entering[0]) return is(fact.says, null, true);
      const same = entering.slice(0, entering.indexOf(fact)).some((earlier) => earlier.device != null && earlier.device === fact.device);
      return is("already_in", same ? null : "twice");
    }
    if (!letsIn(fact.says)) return is(fact.says, letsIn(fact.told) && !fact.undone ? "let_in" : null);
    if (fact.undone || fact.told == null) return is(fact.told && !letsIn(fact.told) ? fact.told : fact.says);
    return is(fact.told, fact.told !== "already_in" && !entering.length ? "turned_away" : null);
  }

  /** The bytes of base64url without padding, or null where they would be written otherwise (RFC 4648). @param {string} text @returns {Uint8Array<ArrayBuffer> | null} */
  function decoded(text) {
    if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) return null;
    const binary = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    if (btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "") !== text) return null;
    return Uint8Array.from(binary, (char) => char.charCodeAt(0));
  }

  /** @param {Uint8Array} bytes */
  const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  /** @param {Uint8Array} bytes */
  const uuid = (bytes) => hex(bytes).replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");

  /** The parts of a ticket's text, if it is written as ours are; nothing is verified. @param {string} text */
  function parse(text) {
    const parts = text.split(".");
    if (parts.length !== 4 || parts[0] !== "HY1") return null;
    const [signup, event, signature] = parts.slice(1).map(decoded);
    if (signup?.length !== 16 || event?.length !== 16 || signature?.length !== 64) return null;
    const s = BigInt(`0x${hex(signature.subarray(32))}`);
    if (s <= 0n || s > HALF_ORDER) return null;
    return { signup: uuid(signup), event: uuid(event), signature, signed: text.slice(0, text.lastIndexOf(".")) };
  }

  /** @param {JsonWebKey} jwk @returns {Promise<CryptoKey>} */
  const keyOf = (jwk) => crypto.subtle.importKey("jwk", jwk, { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);

  /**
   * Reads tickets at the door of `event`: `genuine` with whose sign-up it is, `other_event`, or `forged`.
   * @param {string} event @param {JsonWebKey} jwk its public key @param {Record<string, [string, string]>} others x and y of other events' keys
   * @returns {(text: string) => Promise<{ticket: string, signup?: string}>}
   */
  function reader(event, jwk, others) {
    /** @type {Map<string, Promise<CryptoKey>>} */
    const keys = new Map([[event, keyOf(jwk)]]);
    return async (text) => {
      const ticket = parse(text.trim());
      if (!ticket) return { ticket: "forged" };
      if (!keys.has(ticket.event) && others[ticket.event]) {
        const [x, y] = others[ticket.event];
        keys.set(ticket.event, keyOf({ kty: "EC", crv: "P-256", x, y }));
      }
      const key = await keys.get(ticket.event);
      const genuine = key && await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, ticket.signature, new TextEncoder().encode(ticket.signed));
      if (!genuine) return { ticket: "forged" };
      return ticket.event === event ? { ticket: "genuine", signup: ticket.signup } : { ticket: "other_event" };
    };
  }

  huiyou.doorRules = { OPENS_BEFORE_MS, TONES, LETS_IN, verdict, settle, parse, reader };
})();
