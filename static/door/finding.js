// Who is meant by a few letters: as `found` in blueprints/door/rules.py, with each character's sounds from the table of pinyin.
(() => {
  const huiyou = self.huiyou = self.huiyou || {};

  /** @typedef {{name: string, syllables: string, company: string, last_four: string}} Person */
  /** @typedef {{of: any, name: string, company: string, syllables: string[], joined: string[], initials: string[], tail: string, chinese: boolean}} Indexed */

  /** As search compares texts. @param {string} text */
  const folded = (text) => text.normalize("NFKC").toLowerCase().normalize("NFKC").replace(/[\p{Cc}\p{Cs}]/gu, " ").split(/\s+/).filter(Boolean).join(" ");

  /** @param {string} text */
  const isPlain = (text) => /^[\u0000-\u007f]*$/.test(text); // eslint-disable-line no-control-regex

  /** Each character's readings. @param {Record<string, string>} table syllable → characters @returns {Map<string, string[]>} */
  function readings(table) {
    const map = new Map();
    for (const [syllable, characters] of Object.entries(table)) {
      for (const character of characters) map.set(character, [...map.get(character) || [], syllable]);
    }
    return map;
  }

  /** @param {Person} person @returns {Indexed} */
  function indexed(person) {
    const syllables = person.syllables.split(" ").filter(Boolean);
    const tails = syllables.map((_, start) => syllables.slice(start));
    const name = folded(person.name);
    return {
      of: person, name, company: folded(person.company), syllables, tail: person.last_four, chinese: !isPlain(name),
      joined: tails.map((rest) => rest.join("")), initials: tails.map((rest) => rest.map((syllable) => syllable[0]).join("")),
    };
  }

  /** @param {string} letters @param {Indexed} person */
  function rankOfSound(letters, { joined, initials }) {
    for (let start = 0; start < joined.length; start++) {
      if (!initials[start].startsWith(letters) && !joined[start].startsWith(letters)) continue;
      const whole = letters === initials[start] || letters === joined[start];
      return start === 0 ? (whole ? 1 : 2) : 4;
    }
    return null;
  }

  /** Where each character of the query may be read as a syllable of the name, one after the other; -1 if nowhere. @param {string[][]} sounds @param {string[]} syllables */
  function heardAt(sounds, syllables) {
    for (let at = 0; at + sounds.length <= syllables.length; at++) {
      if (sounds.every((each, i) => each.includes(syllables[at + i]))) return at;
    }
    return -1;
  }

  /** @param {{wanted: string, letters: string, sounds: string[][] | null}} query @param {Indexed} person @returns {number | null} */
  function rank({ wanted, letters, sounds }, person) {
    const place = person.name.indexOf(wanted);
    if (place >= 0) return person.name === wanted ? 0 : place === 0 ? 1 : 2;
    const digits = /^\d+$/.test(letters) ? letters.slice(-4) : "";
    if (digits && person.tail.includes(digits)) return person.tail.endsWith(digits) ? 1 : 3;
    if (/^[a-z0-9]+$/.test(letters)) {
      const sound = rankOfSound(letters, person);
      if (sound !== null) return sound;
    }
    if (person.company.includes(wanted)) return 5;
    if (!sounds || !person.chinese) return null;
    const at = heardAt(sounds, person.syllables);
    return at < 0 ? null : at === 0 ? 6 : 7;
  }

  huiyou.doorFinding = {
    folded,
    readings,

    /** Everybody, made ready to be found. @param {Person[]} people in the order in which they are shown */
    index: (people) => people.map(indexed),

    /** Who is meant, likeliest first; everybody, in order, by an empty query. @param {string} query @param {Indexed[]} people @param {Map<string, string[]>} spelt @returns {any[]} */
    found(query, people, spelt) {
      const wanted = folded(query.slice(0, 80));
      if (!wanted) return people.map((person) => person.of);
      const letters = wanted.replace(/[ ']/g, "").replaceAll("lyu", "lv").replaceAll("nyu", "nv");
      const characters = [...letters];
      const sounds = isPlain(letters) ? null : characters.map((character) => spelt.get(character) || [character]);
      /** @type {{of: any, rank: number, place: number}[]} */
      const hits = [];
      people.forEach((person, place) => {
        const its = rank({ wanted, letters, sounds }, person);
        if (its !== null) hits.push({ of: person.of, rank: its, place });
      });
      return hits.sort((a, b) => a.rank - b.rank || a.place - b.place).map((hit) => hit.of);
    },
  };
})();
