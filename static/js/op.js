// form[data-op]: what is pressed is stored on this phone first, then sent; the page says how it was decided.
(() => {
  const huiyou = self.huiyou;
  const { busy, forms, page } = huiyou;
  const { make } = page;
  const PATIENCE_MS = 2500;
  const TOLD = 3;
  const WENT_WELL = ["accepted", "waitlisted", "duplicate"];
  const words = page.english
    ? {
      saved: "Saved on this phone. It goes out when there is a connection.", outbox: "Outbox", unsaved: "It could not be saved on this phone, so it is being sent directly.",
      held: "Saved on this phone. Log in again and it goes out.", login: "Log in", registered: "Your application has arrived. Log in with the password you chose.", look: "Have a look",
    }
    : {
      saved: "已存在这部手机上，有信号就发出。", outbox: "待发的", unsaved: "没能存在手机上，正在直接提交。",
      held: "已存在这部手机上。请重新登录，登录后就发出。", login: "去登录", registered: "申请已经交上。请用刚设的密码登录。", look: "去看看",
    };
  /** Operations whose outcome a form of this page waits for. @type {Set<string>} */
  const awaited = new Set();

  /** Each showing of a form is a new operation; what is on its way keeps its id. */
  function renew() {
    for (const form of forms.all()) if (!busy.has(form)) forms.hide(form, "op_id", huiyou.uuid7 ? huiyou.uuid7() : form.elements.op_id.value);
  }

  /** Posts as if there were no outbox, under the same id. @param {HTMLFormElement} form @param {HTMLButtonElement | null} submitter */
  function post(form, submitter) {
    if (submitter?.name) forms.hide(form, submitter.name, submitter.value);
    HTMLFormElement.prototype.submit.call(form);
  }

  document.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (!form.matches("[data-op]") || !huiyou.outbox || form.elements.owner?.value !== huiyou.account.current()) return;
    busy.hold(form);
    event.preventDefault();
    event.stopImmediatePropagation();
    submit(form, /** @type {HTMLButtonElement | null} */ (event.submitter));
  }, true);

  /** @param {HTMLFormElement} form @param {HTMLButtonElement | null} submitter */
  async function submit(form, submitter) {
    let entry;
    try {
      await store(form, entry = await forms.entry(form, submitter));
    } catch (error) {
      console.warn(error);
      page.say(words.unsaved, "wait");
      post(form, submitter);
      return;
    }
    forms.hush(form);
    document.dispatchEvent(new CustomEvent("huiyou:stored", { detail: { form, entry } }));
    if (form.dataset.then) {
      huiyou.sender.send({ reason: "submit" });
      location.assign(form.dataset.then);
      return;
    }
    awaited.add(entry.op_id);
    const { decided, pages } = await decision(entry.op_id);
    awaited.delete(entry.op_id);
    forms.hide(form, "op_id", huiyou.uuid7());
    let leaving = false;
    try {
      if (!decided) await wait(form, entry);
      else if (WENT_WELL.includes(decided.state)) {
        const seen = huiyou.outbox.acknowledge(entry.op_id);
        leaving = await succeed(form, decided, pages, submitter);
        await seen;
      } else leaving = await refuse(form, decided, pages, submitter);
    } finally {
      if (!leaving) busy.settle(form);
    }
  }

  /** Stores the entry: anew, in the place of the one that is edited, or as the edit of one that is on its way. @param {HTMLFormElement} form @param {any} entry */
  async function store(form, entry) {
    const edited = form.dataset.edits && await huiyou.outbox.get(form.dataset.edits);
    delete form.dataset.edits;
    if (edited && !huiyou.outbox.isFinal(edited)) {
      if (edited.fields.id && entry.name === edited.name) entry.fields.id = edited.fields.id;
      entry.lane = edited.lane;
      if (await huiyou.outbox.replace(edited.op_id, entry)) return;
      Object.assign(entry, supersede(edited, entry));
    }
    await huiyou.outbox.add(entry);
    if (edited && huiyou.outbox.isFinal(edited)) await huiyou.outbox.acknowledge(edited.op_id);
  }

  /** An edit of what may have arrived builds on it. @param {any} old @param {any} entry */
  function supersede(old, entry) {
    const made = old.name.endsWith(".create");
    return {
      after: old.op_id,
      name: made ? old.name.replace("create", "update") : entry.name,
      target: made ? old.fields.id : entry.target,
      fields: made || old.fields.version ? { ...entry.fields, version: old.op_id } : entry.fields,
    };
  }

  /** How the operation was decided, with the pages that came along; nothing after 2.5 s, or when it cannot be sent. @param {string} op_id */
  async function decision(op_id) {
    /** @type {{decided?: any, pages: any[]}} */
    const found = { pages: [] };
    const heard = new Promise((resolve) => { waiting.set(op_id, resolve); });
    const sending = huiyou.sender.send({ reason: "submit" }).catch(() => ({ answer: "trouble", pages: [] }));
    const failed = sending.then((/** @type {any} */ result) => ["ours", "online", "busy", "idle"].includes(result.answer) ? new Promise(() => {}) : undefined);
    const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
    found.decided = await Promise.race([heard, failed, late]);
    waiting.delete(op_id);
    if (found.decided) found.pages = (await Promise.race([sending, late]))?.pages || [];
    else found.decided = await huiyou.outbox.get(op_id).then((/** @type {any} */ entry) => huiyou.outbox.isFinal(entry) ? entry : undefined);
    return found;
  }

  /** @type {Map<string, (entry: any) => void>} */
  const waiting = new Map();

  /** @param {any[]} pages what came with the answer */
  const fresh = (pages) => pages.find((each) => each.url === page.url())?.html;

  /** @param {HTMLFormElement} form @param {any} entry */
  async function wait(form, entry) {
    const { state } = await huiyou.outbox.get(entry.op_id) || {};
    const held = state === "held";
    const link = held ? [`/login?next=${encodeURIComponent(page.url())}`, words.login] : ["/outbox", words.outbox];
    page.say(held ? words.held : words.saved, "wait", make("a", { href: link[0] }, link[1]));
    form.reset();
    document.dispatchEvent(new CustomEvent("huiyou:cleared"));
  }

  /** Shows what came of it; true when that is another page. @param {HTMLFormElement} form @param {any} entry @param {any[]} pages @param {HTMLButtonElement | null} submitter */
  async function succeed(form, entry, pages, submitter) {
    const tone = page.tone(entry);
    /** @param {string} name of an attribute, of the form or of what it stands in */
    const given = (name) => form.closest(`[${name}]`)?.getAttribute(name);
    const [parts, next] = [given("data-parts"), given("data-next")];
    if (entry.name === "registration.submit") {
      // The same operation once more, as a plain post, logs the applicant in; nothing else happens twice.
      forms.hide(form, "owner", entry.owner);
      forms.hide(form, "op_id", entry.op_id);
      if (form.isConnected && navigator.onLine) post(form, submitter);
      else page.go(`/login?next=${entry.url}`, words.registered);
      return true;
    }
    if (parts) {
      const entered = ["ticket", "walk_in_name"].find((name) => form.querySelector(`[name="${name}"]:not([type=hidden])`)) || "";
      await window.htmx.ajax("GET", `${parts}&checkin=${entry.verdict?.checkin || entry.target}&next=${entered}`, { swap: "none", target: "#main" });
      if (document.activeElement === document.body) /** @type {HTMLElement | null} */ (document.querySelector("[data-find]"))?.focus({ preventScroll: true });
    } else if (next) {
      await window.htmx.ajax("GET", next, { target: "#main", swap: "outerHTML show:top showTarget:body", push: "true" });
    } else if (new URL(entry.url || "", location.href).pathname === location.pathname) await page.swap(fresh(pages));
    else {
      page.go(entry.url, entry.message, tone);
      return true;
    }
    page.say(entry.message, tone);
    return false;
  }

  /** Shows the reason at the form; true when the server shows it on a page of its own. @param {HTMLFormElement} form @param {any} entry @param {any[]} pages @param {HTMLButtonElement | null} submitter */
  async function refuse(form, entry, pages, submitter) {
    // Who built on what somebody else has changed meanwhile sees both versions, as the server shows them.
    if (entry.fields.version && form.isConnected) {
      await huiyou.outbox.acknowledge(entry.op_id);
      post(form, submitter);
      return true;
    }
    const html = fresh(pages);
    if (html) {
      const typed = forms.fields(form, null);
      await page.swap(html);
      form = forms.of(entry) || form;
      if (form.isConnected) forms.fill(form, typed, { secrets: true });
    }
    if (!form.isConnected) {
      page.say(entry.message, "bad");
      return false;
    }
    form.dataset.edits = entry.op_id;
    forms.note(form, make("div", { className: "box bad", role: "alert", tabIndex: -1 }, make("p", {}, entry.message, ...entry.url ? [" ", make("a", { href: entry.url }, words.look)] : [])));
    forms.mark(form, entry.message);
    const box = /** @type {HTMLElement} */ (form.previousElementSibling);
    box.focus({ preventScroll: true });
    box.scrollIntoView({ block: "nearest" });
    return false;
  }

  const quiet = (/** @type {any} */ entry) => entry.quiet || entry.state === "withdrawn" || /^notices?\.read$/.test(entry.name) || (/^checkin\./.test(entry.name) && WENT_WELL.includes(entry.state));

  /** Says how something was decided that no form of this page waits for. @param {any} entry */
  async function tellOf(entry) {
    if (awaited.has(entry.op_id) || document.hidden || entry.acknowledged || quiet(entry)) return;
    const late = document.querySelectorAll("#told > [data-late]");
    if (!late.length) document.getElementById("told")?.replaceChildren();
    else if (late.length >= TOLD) late[0].remove();
    page.add(`${entry.label}${page.english ? ": " : "："}${entry.message || ""}`, page.tone(entry), make("a", { href: WENT_WELL.includes(entry.state) && entry.url || "/outbox" }, words.look));
    document.querySelector("#told > :last-child")?.setAttribute("data-late", "");
    if (WENT_WELL.includes(entry.state)) await huiyou.outbox.acknowledge(entry.op_id);
    if (entry.page !== page.url() || document.querySelector("form[data-typed]")) return;
    const kept = await huiyou.pages.read(page.url());
    if (kept) await page.swap(kept.html);
  }

  huiyou.on?.("decided", (/** @type {any} */ { entry }) => {
    waiting.get(entry.op_id)?.(entry);
    tellOf(entry).catch(() => {});
  });

  /** What was decided while no page was open. */
  async function catchUp() {
    const own = await huiyou.outbox.list(await huiyou.account.owner());
    const news = own.filter((/** @type {any} */ entry) => WENT_WELL.includes(entry.state) && !entry.acknowledged);
    for (const entry of news) await tellOf(entry);
  }
  if (huiyou.outbox) addEventListener("pageshow", () => setTimeout(() => catchUp().catch(() => {}), 500));

  addEventListener("pageshow", renew);
  document.addEventListener("htmx:finally:request", renew);
  document.addEventListener("htmx:after:swap", renew);
})();
