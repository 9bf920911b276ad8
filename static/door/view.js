// What stands on the door's page, made from what the phone knows: figures, the list, who came last.
(() => {
  const { huiyou } = self;
  const { make, english } = huiyou.page;
  const SHOWN = 40;
  const COMPANIES = 30;
  const SVG = "http://www.w3.org/2000/svg";
  const { SIGNS } = huiyou.doorSignals;
  const words = english
    ? {
      admitted: "Inside", expected: "Signed up", walkIns: "Walk-in", waits: "to send", full: "Full: seats ", tail: "ends in", checkIn: "Check-in", letIn: "Let in", undo: "Undo", reason: "Reason for undoing",
      waitlisted: "Waiting list", cancelled: "Cancelled", none: "Nobody on the list by that. Try another letter, or add them as a walk-in.", more: "more. Type to find.", recent: "Just now", nobody: "Nobody has checked in yet.",
      unnamed: "(no name)", unknown: "Unknown", undone: "Undone", here: "this phone", waiting: "not sent yet", refused: "Not accepted: ", twice: "let in on another phone, too", let_in: "against the newest list", turned_away: "was on the newest list", name_differs: "the name differs from the member's",
      companies: "By company", minutes: "The last 30 minutes", came: "came", perMinute: "a minute", at: "in at",
    }
    : {
      admitted: "已进场", expected: "已报名", walkIns: "现场登记", waits: "条待发", full: "座位已满：", tail: "尾号", checkIn: "签到", letIn: "放行", undo: "撤销", reason: "撤销的原因",
      waitlisted: "候补", cancelled: "已取消报名", none: "名单上没有。换个字试试，或登记为没报名的人。", more: "人，打字就能找到。", recent: "刚才", nobody: "还没有人签到。",
      unnamed: "（未留姓名）", unknown: "不知道是谁", undone: "已撤销", here: "本机", waiting: "待发", refused: "服务器没有收：", twice: "另一部手机也放行了", let_in: "按最新名单不该放行", turned_away: "按最新名单可以进场", name_differs: "姓名和会员的不同",
      companies: "各企业到场", minutes: "最近 30 分钟", came: "已到", perMinute: "每分钟", at: "已到",
    };
  const verdicts = huiyou.doorSignals.words;
  const hour = (/** @type {number} */ at) => self.huiyou.wall(new Date(at)).time;

  /** @param {string} text @param {string} [tone] */
  const chip = (text, tone = "") => make("span", { className: `chip ${tone}` }, text);

  /** The three figures, how many wait to be sent, and whether there are seats. @param {any} counts */
  function figures(counts) {
    const figure = (/** @type {string} */ name, /** @type {string} */ label, /** @type {number} */ number) =>
      make("div", {}, make("dt", {}, label), make("dd", { data: { count: name } }, String(number)));
    return [
      make("dl", { className: "figures door-counts", id: "door-counts" },
        figure("admitted", words.admitted, counts.admitted), figure("expected", words.expected, counts.expected), figure("walk-ins", words.walkIns, counts.walkIns)),
      ...counts.admitted >= counts.capacity ? [make("p", { className: "box wait", data: { full: "" } }, `${words.full}${counts.capacity}`)] : [],
    ];
  }

  /** Undoing takes a reason if there is one, and a second touch. @param {string} name @param {(reason: string) => void} act */
  function undoing(name, act) {
    const reason = make("input", { maxLength: 200, placeholder: words.reason, ariaLabel: words.reason });
    const press = make("button", { type: "button", className: "button danger" }, words.undo);
    const fold = make("details", { className: "guest-undo" }, make("summary", {}, words.undo, make("span", { className: "visually-hidden" }, ` ${name}`)), make("div", { className: "undo-form" }, reason, press));
    press.addEventListener("click", () => {
      act(reason.value.trim());
      fold.querySelector("summary")?.focus();
      fold.open = false;
    });
    return fold;
  }

  /** One line of the list: the first touch opens it, the second, elsewhere, lets in. @param {any} guest @param {any} came @param {any} door */
  function row(guest, came, door) {
    const name = guest.name || words.unnamed;
    const more = [guest.company, guest.last_four && `${words.tail} ${guest.last_four}`, guest.note].filter(Boolean).join(" · ");
    const state = came ? "attended" : guest.state || "cancelled";
    const chips = came ? [chip(`✓ ${words.at} ${hour(came.at)}`, "good")] : state === "waitlisted" ? [chip(`… ${words.waitlisted}`, "wait")] : state === "cancelled" ? [chip(`✕ ${words.cancelled}`)] : [];
    const who = [make("b", {}, name), " ", ...chips, " ", make("span", { className: "guest-more" }, more)];
    const line = make("li", { className: "guest", data: { state, guest: guest.guest } });
    if (guest.signup) line.id = `signup-${guest.signup}`;
    if (came) {
      line.append(make("div", { className: "guest-who" }, ...who), undoing(name, (reason) => door.undo(came.id, reason)));
      return line;
    }
    const first = make("button", { type: "button", className: "guest-who guest-first", ariaExpanded: "false" }, ...who);
    first.addEventListener("click", () => {
      const open = line.querySelector(".guest-second");
      for (const other of document.querySelectorAll(".guest-second")) other.remove();
      for (const other of document.querySelectorAll(".guest-first[aria-expanded=true]")) other.setAttribute("aria-expanded", "false");
      if (open) return;
      first.setAttribute("aria-expanded", "true");
      const second = make("button", { type: "button", className: state === "confirmed" ? "button primary guest-second" : "button guest-second" }, `${state === "confirmed" ? words.checkIn : words.letIn} ${name}`);
      second.addEventListener("click", () => door.admit(guest));
      line.append(second);
      second.scrollIntoView({ block: "nearest" });
    });
    line.append(first);
    return line;
  }

  /** @param {any[]} found @param {string} query @param {any} door */
  function list(found, query, door) {
    if (!found.length && query) return [make("p", { className: "empty" }, words.none)];
    return [
      make("ul", { className: "list door-list" }, ...found.slice(0, SHOWN).map((guest) => row(guest, door.evening.admission(guest), door))),
      ...found.length > SHOWN ? [make("p", { className: "hint" }, english ? `${found.length - SHOWN} ${words.more}` : `还有 ${found.length - SHOWN} ${words.more}`)] : [],
    ];
  }

  /** @param {any} fact @param {any} door */
  function seenRow(fact, door) {
    const name = fact.name || (fact.source === "walk_in" ? words.unnamed : words.unknown);
    const flags = (fact.flags || []).map((/** @type {string} */ flag) => chip(`! ${words[/** @type {"twice"} */ (flag)] || flag}`, "wait"));
    const guest = door.evening.guest(fact.id);
    const stands = !fact.undone && !fact.refused && guest && door.evening.admission(guest)?.id === fact.id;
    return make("li", { id: `checkin-${fact.id}`, data: { state: fact.undone ? "undone" : fact.verdict } },
      make("div", { className: "guest-who" }, `${hour(fact.at)} `, chip(`${SIGNS[/** @type {"good"} */ (fact.tone)]} ${verdicts[/** @type {"admitted"} */ (fact.verdict)]}`, fact.tone), ...fact.undone ? [" ", chip(words.undone)] : [], " ", name, " ",
        ...flags, make("span", { className: "guest-more" }, [fact.op_id ? words.here : fact.by, fact.waits && words.waiting].filter(Boolean).join(" · ")),
        ...fact.refused ? [make("span", { className: "field-error" }, `${words.refused}${fact.refused}`)] : []),
      ...stands ? [undoing(name, (reason) => door.undo(fact.id, reason))] : []);
  }

  /** @param {any} door */
  function recent(door) {
    const facts = door.evening.recent();
    return [make("h2", {}, words.recent), facts.length ? make("ol", { className: "list door-recent" }, ...facts.map((/** @type {any} */ fact) => seenRow(fact, door))) : make("p", {}, words.nobody)];
  }

  /** How many came in each of the last minutes, as bars. @param {number[]} minutes */
  function bars(minutes) {
    const most = Math.max(...minutes, 1);
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", `0 0 ${minutes.length * 10} 60`);
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", `${words.minutes}: ${minutes.join(" ")}`);
    minutes.forEach((number, i) => {
      const bar = document.createElementNS(SVG, "rect");
      const height = number ? Math.max(2, 56 * number / most) : 0.5;
      for (const [name, value] of Object.entries({ x: i * 10 + 1, y: 60 - height, width: 8, height })) bar.setAttribute(name, String(value));
      svg.append(bar);
    });
    return make("figure", { className: "plot door-minutes" }, make("figcaption", {}, words.minutes, " ", make("small", {}, `${english ? "most" : "最多"} ${Math.max(...minutes)} ${words.perMinute}`)), svg);
  }

  /** @param {any} door */
  function figuresMore(door) {
    const rows = door.evening.companies().slice(0, COMPANIES);
    return [bars(door.evening.minutes(door.clock())), make("table", {},
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, words.companies), make("th", { scope: "col", className: "number" }, words.came))),
      make("tbody", {}, ...rows.map((/** @type {[string, number, number]} */ [name, came, all]) => make("tr", {}, make("th", { scope: "row" }, name), make("td", { className: "number" }, `${came} / ${all}`)))))];
  }

  /** Puts these in a part of the page; what had the focus there has it again, or what now stands on its line. @param {HTMLElement} part @param {(Node | string)[]} nodes */
  function put(part, nodes) {
    const focused = part.contains(document.activeElement) && document.activeElement;
    const line = focused && focused.closest("li");
    const key = line && [...part.querySelectorAll("li")].indexOf(line);
    const same = line && (line.id ? `[id="${line.id}"]` : `[data-guest="${line.dataset.guest}"]`);
    part.replaceChildren(...nodes);
    if (!focused) return;
    const again = same && part.querySelector(same) || part.querySelectorAll("li")[key || 0];
    /** @type {HTMLElement} */ (again?.querySelector("button, summary") || part).focus({ preventScroll: true });
  }

  huiyou.doorView = { words, hour, figures, list, recent, figuresMore, put };
})();
