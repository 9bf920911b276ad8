// [data-outbox]: everything that was pressed on this phone, its state in words, and what may still be done about it.
(() => {
  const { huiyou } = self;
  const { outbox, page, waits } = huiyou;
  const { make, english } = page;
  const part = document.querySelector("[data-outbox]");
  if (!outbox || !part) return;
  const SHOWN = 30;
  const words = english
    ? {
      needs: "Needs you", waiting: "Waiting", done: "Lately done", send: "Send now", sending: "Being sent…", change: "Change", withdraw: "Take back", known: "All right", look: "Have a look", login: "Log in again",
      pressed: "pressed", arrived: "It may have arrived already: its answer is being waited for.", late: "Still no connection. It goes out by itself as soon as there is one.",
      none: "Nothing is waiting",
    }
    : {
      needs: "需要您处理", waiting: "待发", done: "最近办完的", send: "现在发送", sending: "正在发出……", change: "修改", withdraw: "撤回", known: "知道了", look: "去看看", login: "重新登录",
      pressed: "按于", arrived: "可能已经到了，正等答复。", late: "还没有连上。一有信号就自动发出，您不用守着。",
      none: "没有待发的",
    };
  /** What undoes an operation that may have arrived. @type {Record<string, {name: string, zh: string, en: string, fields?: Record<string, string>}>} */
  const UNDOES = {
    "need.create": { name: "need.close", zh: "撤下这一条", en: "Withdraw it", fields: { result: "withdrawn" } },
    "need.respond": { name: "need.withdraw_response", zh: "撤回回应", en: "Withdraw the answer" },
    "event.signup": { name: "event.cancel_signup", zh: "取消报名", en: "Cancel the sign-up" },
    "consultation.request": { name: "consultation.withdraw", zh: "撤回咨询", en: "Withdraw the request" },
    "checkin.record": { name: "checkin.undo", zh: "撤销签到", en: "Undo the check-in" },
  };
  const says = make("p", { role: "status", className: "outbox-says" });
  const body = make("div");
  part.replaceChildren(says, body);

  /** @param {string} text @param {string} kind @param {string} key @param {() => Promise<any>} act */
  function button(text, kind, key, act) {
    const element = make("button", { type: "button", className: `button ${kind}`, data: { act: key } }, text);
    element.addEventListener("click", () => act().catch(() => {}));
    return element;
  }

  const send = async () => {
    says.textContent = words.sending;
    const { answer } = await huiyou.sender.send({ reason: "now" });
    says.textContent = ["offline", "portal", "trouble"].includes(answer) ? words.late : "";
  };

  /** @param {any} entry @param {any[]} all */
  function undo(entry, all) {
    const way = UNDOES[entry.name];
    if (!way || all.some((other) => other.after === entry.op_id && other.name === way.name)) return [];
    return [button(english ? way.en : way.zh, "quiet", "undo", async () => {
      await outbox.add({
        op_id: huiyou.uuid7(), owner: entry.owner, lane: entry.lane, after: entry.op_id, name: way.name, form_version: 1,
        target: entry.name === "event.signup" ? entry.target : entry.fields.id, fields: way.fields || {},
        page: entry.page, action: "", label: `${english ? way.en : way.zh}${english ? ": " : "："}${entry.label}`,
      });
      await huiyou.sender.send({ reason: "submit" });
    })];
  }

  const shown = (/** @type {any} */ entry) => Object.keys(entry.fields).some((name) => !/(^|_)id$|^(version|shown|until|result)$/.test(name));

  /** @param {any} entry @param {any[]} all */
  function actions(entry, all) {
    const change = entry.page && entry.action && shown(entry) ? [make("a", { className: "button quiet", href: `${entry.page}#edit=${entry.op_id}` }, words.change)] : [];
    if (["refused", "not_sent"].includes(entry.state)) {
      return entry.acknowledged ? [] : [...change, button(words.known, "quiet", "known", () => outbox.acknowledge(entry.op_id))];
    }
    if (outbox.isFinal(entry)) return entry.url ? [make("a", { className: "button quiet", href: entry.url }, words.look)] : [];
    if (!entry.tries) {
      return [...change, button(words.withdraw, "quiet", "withdraw", async () => {
        if (!await outbox.withdraw(entry.op_id)) says.textContent = words.arrived;
      })];
    }
    return [...entry.fields.version || entry.name === "need.create" ? change : [], ...undo(entry, all)];
  }

  /** @param {any} entry @param {any[]} all */
  function item(entry, all) {
    const tone = { accepted: "good", waitlisted: "wait", duplicate: "wait", refused: "bad", not_sent: "bad" }[/** @type {"refused"} */ (entry.state)] || "wait";
    const sign = { good: "✓", wait: "…", bad: "✕" }[/** @type {"bad"} */ (tone)];
    const { body: text, note, reason, summary, comment } = entry.fields;
    const long = text || note || reason || summary || comment;
    return make("li", { id: `operation-${entry.op_id}`, className: outbox.isFinal(entry) ? "operation" : "operation waiting", data: { state: entry.state } },
      make("p", { className: "row-title" }, entry.label),
      ...long ? [make("p", { className: "prose operation-text" }, long)] : [],
      make("p", { className: "row-chips" }, make("span", { className: `chip ${tone}` }, `${sign} ${waits.says(entry)}`),
        make("span", { className: "row-meta" }, `${words.pressed} `, make("time", { dateTime: entry.occurred_at, data: { when: "ago" } }, entry.occurred_at.slice(11, 16)))),
      ...entry.message ? [make("p", { className: tone === "bad" ? "field-error" : "operation-message" }, entry.message)] : [],
      ...entry.tries && !outbox.isFinal(entry) ? [make("p", { className: "hint" }, words.arrived)] : [],
      make("div", { className: "operation-acts" }, ...actions(entry, all)));
  }

  /** @param {string} title @param {any[]} entries @param {any[]} all @param {Node[]} more */
  function group(title, entries, all, ...more) {
    if (!entries.length) return [];
    return [make("section", { className: "section" }, make("h2", {}, `${title} ${entries.length}`), ...more, make("ul", { className: "list operations" }, ...entries.map((entry) => item(entry, all))))];
  }

  async function show() {
    const all = await outbox.list(await huiyou.account.owner());
    const focused = document.activeElement?.closest(".operation");
    const act = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.act : "";
    const needs = all.filter((/** @type {any} */ entry) => ["refused", "not_sent"].includes(entry.state) && !entry.acknowledged);
    const waiting = all.filter((/** @type {any} */ entry) => !outbox.isFinal(entry));
    const done = all.filter((/** @type {any} */ entry) => outbox.isFinal(entry) && !needs.includes(entry) && entry.state !== "withdrawn" && !/^notices?\.read$/.test(entry.name)).reverse().slice(0, SHOWN);
    const held = waiting.some((/** @type {any} */ entry) => entry.state === "held");
    const now = make("p", { className: "actions" }, ...held ? [make("a", { className: "button primary", href: "/login?next=/outbox" }, words.login)] : [button(words.send, "primary", "send", send)]);
    body.replaceChildren(
      ...group(words.needs, needs, all), ...group(words.waiting, waiting, all, now),
      ...needs.length || waiting.length ? [] : [make("div", { className: "empty" }, make("p", { className: "empty-title" }, words.none))],
      ...group(words.done, done, all));
    for (const { op_id } of all) if (body.querySelector(`#operation-${op_id}`)) document.querySelector(`#decided #operation-${op_id}`)?.remove();
    const decided = document.getElementById("decided");
    if (decided && !decided.querySelector("li, .pager")) decided.remove();
    document.dispatchEvent(new CustomEvent("huiyou:shown"));
    if (focused) {
      const again = document.getElementById(focused.id);
      /** @type {HTMLElement | null | undefined} */ (again?.querySelector(`[data-act="${act}"]`) || again?.querySelector(".button") || body.querySelector(".button"))?.focus();
    }
  }

  let drawn = Promise.resolve();
  const showSoon = () => { drawn = drawn.then(show).catch(() => {}); };
  showSoon();
  huiyou.on("entries", showSoon);
  huiyou.on("connection", () => setTimeout(showSoon, 100));
  addEventListener("pageshow", async () => {
    await drawn;
    if (location.hash.startsWith("#operation-")) document.getElementById(location.hash.slice(1))?.scrollIntoView({ block: "center" });
  });
})();
