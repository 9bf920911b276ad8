// Finds pages by what is in their titles and texts: Chinese characters, pinyin (full or only initials), Latin words and figures.
(() => {
  const { huiyou } = self;
  const MOST = 40;
  const BEFORE = 14;
  const AFTER = 46;

  /** @typedef {{url: string, title: string, text: string}} Text */
  /** @typedef {{lower: string, initials: string, others: string}} Spelt */
  /** @typedef {{of: Text, title: Spelt, body: Spelt}} Indexed */

  /** Each character's readings, of a table syllable → characters. @param {Record<string, string>} table @returns {Map<string, string[]>} */
  function readings(table) {
    const map = new Map();
    for (const [syllable, characters] of Object.entries(table)) {
      for (const character of characters) map.set(character, [...map.get(character) || [], syllable]);
    }
    return map;
  }

  /** @param {string} text @param {Map<string, string[]>} spelt @returns {Spelt} */
  function spell(text, spelt) {
    let lower = text.toLowerCase();
    if (lower.length !== text.length) lower = text;
    let [initials, others] = ["", ""];
    for (let i = 0; i < lower.length; i++) {
      const said = spelt.get(lower[i]);
      initials += said ? said[0][0] : lower[i];
      others += said && said[1] ? said[1][0] : " ";
    }
    return { lower, initials, others };
  }

  /** Where in `text`, read aloud from `at`, the letters of `wanted` end; -1 when they do not stand there. @param {string} text @param {number} at @param {string} wanted @param {Map<string, string[]>} spelt @returns {number} */
  function heard(text, at, wanted, spelt) {
    if (!wanted) return at;
    if (at >= text.length) return -1;
    const said = spelt.get(text[at]);
    if (!said) return text[at] === wanted[0] ? heard(text, at + 1, wanted.slice(1), spelt) : -1;
    for (const syllable of said) {
      if (syllable.startsWith(wanted)) return at + 1;
      const lengths = [syllable.length, ...syllable[1] === "h" ? [2] : [], 1];
      for (const length of lengths) {
        if (!wanted.startsWith(syllable.slice(0, length))) continue;
        const end = heard(text, at + 1, wanted.slice(length), spelt);
        if (end >= 0) return end;
      }
    }
    return -1;
  }

  /** The first place where a word stands: as it is written, else as it sounds. @param {Spelt} spelling @param {string} word @param {Map<string, string[]>} spelt @param {number} least @returns {[number, number, boolean] | null} */
  function place({ lower, initials, others }, word, spelt, least) {
    const at = lower.indexOf(word);
    if (at >= 0) return [at, at + word.length, true];
    if (word.length < least || !/^[a-z]+$/.test(word)) return null;
    for (const letters of [initials, others]) {
      for (let i = letters.indexOf(word[0]); i >= 0; i = letters.indexOf(word[0], i + 1)) {
        const end = spelt.has(lower[i]) ? heard(lower, i, word, spelt) : -1;
        if (end >= 0) return [i, end, false];
      }
    }
    return null;
  }

  /** @param {string} text @param {[number, number]} range @returns {{text: string, range: [number, number]}} */
  function excerpt(text, [start, end]) {
    const from = Math.max(0, start - BEFORE);
    const cut = text.slice(from, end + AFTER);
    const lead = from ? "…" : "";
    return { text: `${lead}${cut}${end + AFTER < text.length ? "…" : ""}`, range: [start - from + lead.length, end - from + lead.length] };
  }

  huiyou.search = {
    /** The words of a fragment, without its forms. @param {string} html */
    textOf: (html) => html.replace(/<(form|svg|script|nav|summary)\b[\s\S]*?<\/\1>/g, " ").replace(/<[^>]+>/g, " ")
      .replace(/&(?:#(\d+)|(\w+));/g, (_, number, name) => number ? String.fromCodePoint(number) : { amp: "&", lt: "<", gt: ">", quot: "\"" }[/** @type {"lt"} */ (name)] || " ")
      .replace(/\s+/g, " ").trim(),

    /** @param {Text[]} texts @param {Record<string, string>} table */
    index(texts, table) {
      const spelt = readings(table);
      const indexed = texts.map((of) => ({ of, title: spell(of.title, spelt), body: spell(of.text, spelt) }));

      /** The pages in which each word of the query stands, the likeliest first. @param {string} query */
      return (query) => {
        const words = query.normalize("NFKC").toLowerCase().split(/\s+/).filter(Boolean);
        const hits = [];
        for (const { of, title, body } of words.length ? indexed : []) {
          let [cost, inTitle, inText] = [0, /** @type {any} */ (null), /** @type {any} */ (null)];
          for (const word of words) {
            const there = place(title, word, spelt, 1);
            const below = there ? null : place(body, word, spelt, 3);
            if (there) [cost, inTitle] = [cost + (there[2] ? 0 : 1), inTitle || there];
            else if (below) [cost, inText] = [cost + (below[2] ? 2 : 4), inText || below];
            else cost = Infinity;
          }
          if (cost < Infinity) {
            hits.push({
              url: of.url, title: of.title, cost,
              titleRange: inTitle && [inTitle[0], inTitle[1]],
              excerpt: inText && excerpt(of.text, [inText[0], inText[1]]),
            });
          }
        }
        return hits.sort((a, b) => a.cost - b.cost).slice(0, MOST);
      };
    },
  };
})();
