// One evening as this phone knows it: the pack, what it has seen itself, and what it heard of other phones.
(() => {
  const { huiyou } = self;
  const rules = huiyou.doorRules;
  const RECENT = 30;

  /**
   * @typedef {{id: string, guest: string, name: string, verdict: string, tone: string, source: string, at: number, by: string,
   *   undone?: boolean, op_id?: string, waits?: boolean, refused?: string, flags?: string[]}} Seen one fact as it is listed
   * @typedef {{guest: string, signup: string | null, name: string, syllables: string, company: string, last_four: string, note: string,
   *   state: string | null, known: {id: string, at: number, by: string} | null, own: Map<string, any>}} Guest
   * `known` is the admission of which the server knows, `own` are this phone's facts of which it does not
   */

  /** @param {any} data the pack @param {{device: string, by: string}} me */
  huiyou.doorEvening = (data, me) => {
    /** @type {Map<string, Guest>} */
    const guests = new Map();
    /** @type {Map<string, string>} sign-up → guest */
    const signups = new Map();
    /** @type {Map<string, Seen>} */
    const seen = new Map();
    const undone = new Set();
    const read = rules.reader(data.event.id, data.key, data.others);
    const event = { ...data.event, starts_at: Date.parse(data.event.starts_at), ends_at: Date.parse(data.event.ends_at) };

    /** @param {Partial<Guest> & {guest: string}} given @returns {Guest} */
    function guestOf(given) {
      const found = guests.get(given.guest);
      if (found) return found;
      const made = { signup: null, name: "", syllables: "", company: "", last_four: "", note: "", state: null, known: null, own: new Map(), ...given };
      guests.set(made.guest, made);
      if (made.signup) signups.set(made.signup, made.guest);
      return made;
    }

    /** @param {any} inside */
    const known = (inside) => inside ? { id: inside.checkin, at: Date.parse(inside.at), by: inside.by } : null;

    for (const row of data.roster) guestOf({ ...row, syllables: row.pinyin, signup: row.id, known: known(row.inside) });
    for (const row of data.walk_ins) guestOf({ ...row, syllables: row.pinyin, known: known(row.inside) });

    /** The fact that let a guest in, as far as this phone knows. @param {Guest} guest @returns {{id: string, at: number, by: string} | null} */
    function admission(guest) {
      const facts = [...guest.own.values()];
      if (guest.known && !undone.has(guest.known.id)) facts.unshift({ key: "", id: guest.known.id, at: guest.known.at, says: "admitted", told: "admitted", by: guest.known.by });
      const place = rules.settle(facts).findIndex((/** @type {any} */ now) => now.inside);
      return place < 0 ? null : facts[place];
    }

    /** Whom a scan means. @param {any} fields @param {{ticket: string, signup?: string}} [reading] @returns {Guest | null} */
    function meant(fields, reading) {
      if (fields.ticket) {
        const signup = reading ? reading.signup : rules.parse(fields.ticket)?.signup;
        return signup ? guestOf({ guest: signups.get(signup) || signup }) : null;
      }
      if (fields.signup_id) return guestOf({ guest: signups.get(fields.signup_id) || fields.signup_id });
      const { walk_in_name: name, walk_in_phone: phone = "" } = fields;
      return guestOf({ guest: phone ? `phone:${phone.replace(/\D/g, "").slice(-11)}` : `own:${fields.id}`, name, last_four: phone.slice(-4) });
    }

    /** @param {any} fields */
    const sourceOf = (fields) => fields.ticket ? "ticket" : fields.walk_in_name ? "walk_in" : "name";

    /** @param {Guest | null} guest @param {any} fact @param {any} fields @param {Guest | null} [named] */
    function note(guest, fact, fields, named = guest) {
      seen.set(fact.id, {
        id: fact.id, guest: named?.guest || "", name: named?.name || "", verdict: fact.told, tone: rules.TONES[fact.told], source: sourceOf(fields),
        at: fact.at, by: fact.by, op_id: fact.key, waits: fact.waits, undone: fact.undone, refused: fact.refused,
      });
      if (guest) guest.own.set(fact.id, fact);
    }

    return {
      event,
      guests,
      seen,
      admission,
      runs_it: data.runs_it,
      /** The last facts of which the pack knows are asked for as well, to be listed. */
      serial: Math.max(0, data.serial - RECENT),
      roster_stamp: data.roster_stamp,

      /** @param {string} id of a check-in @returns {Guest | undefined} */
      guest: (id) => guests.get(seen.get(id)?.guest || ""),

      /**
       * What the door says to a scan, by this phone alone. `fields` is what the operation will carry, with the id of its fact.
       * @param {any} fields @param {number} now by a clock that is right
       */
      async decide(fields, now) {
        const source = sourceOf(fields);
        const reading = fields.ticket ? await read(fields.ticket) : undefined;
        const guest = meant(fields, reading);
        const before = guest && admission(guest);
        const state = guest?.state ?? null;
        const verdict = rules.verdict({ source, ticket: reading?.ticket }, { state, inside: !!before }, event, now);
        return { verdict, tone: rules.TONES[verdict], guest, before: verdict === "already_in" ? before : null };
      },

      /** A fact of this phone: at once, and again from the outbox when the page is opened anew; `listed` if the pack knows it. @param {any} entry @param {boolean} [listed] */
      add(entry, listed = false) {
        if (entry.name === "checkin.undo") {
          const fact = seen.get(entry.target);
          if (["refused", "not_sent", "withdrawn"].includes(entry.state)) {
            undone.delete(entry.target);
            return;
          }
          undone.add(entry.target);
          if (fact) fact.undone = true;
          const own = guests.get(fact?.guest || "")?.own.get(entry.target);
          if (own) own.undone = true;
          return;
        }
        const { fields } = entry;
        if (seen.has(fields.id) && !seen.get(fields.id)?.op_id) return;
        const told = fields.told || "admitted";
        const void_ = ["refused", "not_sent", "withdrawn"].includes(entry.state);
        const waits = !huiyou.outbox.isFinal(entry);
        const guest = meant(fields);
        const genuine = !["forged", "other_event"].includes(told);
        const at = Date.parse(entry.occurred_at);
        if (listed && guest) note(null, { key: entry.op_id, id: fields.id, at, told, by: me.by, undone: undone.has(fields.id) }, fields, guest);
        else note(genuine ? guest : null, {
          key: entry.op_id, id: fields.id, at, says: void_ ? "forged" : told, told, device: me.device, by: me.by,
          undone: undone.has(fields.id), waits, refused: void_ ? entry.message : undefined,
        }, fields);
      },

      /** How the server decided an operation of this phone. @param {any} entry */
      decided(entry) {
        const fact = seen.get(entry.name === "checkin.undo" ? entry.target : entry.fields.id);
        if (["accepted", "duplicate"].includes(entry.state)) {
          if (fact && fact.op_id === entry.op_id) fact.waits = false;
        } else this.add(entry);
      },

      /** What the server says that was seen here, by whatever phone. @param {any} news */
      hear(news) {
        for (const fact of news.facts) {
          const at = Date.parse(fact.at);
          const mine = seen.get(fact.id);
          if (mine) guests.get(mine.guest)?.own.delete(fact.id);
          seen.set(fact.id, { ...fact, name: fact.name || mine?.name || "", at, waits: false, undone: fact.undone || undone.has(fact.id) });
          if (!fact.guest) continue;
          const guest = guestOf({ guest: fact.guest, name: fact.name || "", company: fact.company || "", last_four: fact.last_four || "" });
          if (fact.inside) guest.known = { id: fact.id, at, by: fact.by };
          else if (guest.known?.id === fact.id) guest.known = null;
        }
        this.serial = news.serial;
      },

      /** @returns {{admitted: number, expected: number, walkIns: number, capacity: number, waits: number}} */
      counts() {
        const inside = [...guests.values()].filter(admission);
        const expected = [...guests.values()].filter((guest) => guest.state === "confirmed").length;
        const walkIns = inside.filter((guest) => guest.state !== "confirmed").length;
        const waits = [...seen.values()].filter((fact) => fact.waits).length;
        return { admitted: inside.length, expected, walkIns, capacity: event.capacity, waits };
      },

      /** Each company with who is inside and who is expected, the largest first. @returns {[string, number, number][]} */
      companies() {
        /** @type {Map<string, [string, number, number]>} */
        const rows = new Map();
        for (const guest of guests.values()) {
          const came = admission(guest);
          if (!guest.company || (!came && guest.state !== "confirmed")) continue;
          const row = rows.get(guest.company) || [guest.company, 0, 0];
          rows.set(guest.company, [guest.company, row[1] + (came ? 1 : 0), row[2] + 1]);
        }
        return [...rows.values()].sort((a, b) => b[2] - a[2] || b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
      },

      /** How many came in each minute from the first to the last of the half hour before `now`. @param {number} now @returns {number[]} */
      minutes(now) {
        const counted = Array.from({ length: 30 }, () => 0);
        for (const guest of guests.values()) {
          const came = admission(guest);
          const ago = came ? Math.floor((now - came.at) / 60_000) : -1;
          if (ago >= 0 && ago < 30) counted[29 - ago]++;
        }
        return counted;
      },

      /** How many facts the organizer has to look at. */
      flagged: () => [...seen.values()].filter((fact) => fact.flags?.length).length,

      /** What was seen last, latest first. @returns {Seen[]} */
      recent: () => [...seen.values()].sort((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1)).slice(0, RECENT),

      /** The roster as it is shown and searched: who is still expected first. @returns {Guest[]} */
      roster() {
        const rows = [...guests.values()].map((guest) => ({ guest, came: !!admission(guest) })).filter(({ guest, came }) => guest.state || came)
          .map(({ guest, came }) => ({ guest, order: came ? 3 : { confirmed: 0, waitlisted: 1, cancelled: 2 }[guest.state || ""] ?? 2 }));
        rows.sort((a, b) => a.order - b.order || (a.guest.syllables < b.guest.syllables ? -1 : a.guest.syllables > b.guest.syllables ? 1 : 0));
        return rows.map((row) => row.guest);
      },
    };
  };
})();
