// [data-door]: the door of an event, worked from this phone alone; the network only makes phones agree sooner.
(() => {
  const { huiyou } = self;
  const { outbox, page, store } = huiyou;
  const { make, english } = page;
  const SEND_MS = 250;
  const DRAW_MS = 200;
  const KEEP_MS = 30_000;
  const words = english
    ? {
      scan: "Scan tickets", stop: "Stop the camera", light: "Light", find: "Find on the roster", findHint: "Name, pinyin, company, last digits", walkIn: "Add a walk-in", name: "Name", phone: "Mobile phone", add: "Check in",
      code: "Type in a ticket", look: "For you to look at: ", check: "Check", more: "Figures", noCamera: "The camera cannot be opened. Allow it in the browser's settings, or check in by name.", offline: "No network: all is saved on this phone", online: "In step with the other phones", waits: "to send",
      ended: "You do not keep this door any more. The list has been deleted from this phone.", none: "The list is not on this phone. Open this page once where there is a network.", ready: "Works without a network. The list is on this phone until a day after the event.",
      admitted: (/** @type {any} */ s) => s.company, already_in: (/** @type {any} */ s) => `In since ${s.at}, by ${s.by}.`, waitlisted: () => "On the waiting list, no seat. To let them in, find the name and press Let in.", cancelled: () => "The sign-up was cancelled. To let them in, find the name and press Let in.",
      other_event: () => "A ticket of another event.", forged: () => "We did not make this ticket. Do not let them in.", signed_but_unknown: () => "The ticket is genuine, but newer than this list. Let in; please ask for the name.", event_cancelled: () => "This event was cancelled.", not_yet: (/** @type {any} */ s) => `The door opens at ${s.opens}.`,
    }
    : {
      scan: "扫入场券", stop: "关掉摄像头", light: "开灯", find: "在名单里找", findHint: "姓名、拼音、企业、尾号", walkIn: "登记没报名的人", name: "姓名", phone: "手机号", add: "登记进场",
      code: "输入入场券", look: "等您看一眼的：", check: "核对", more: "人数", noCamera: "打不开摄像头。请在浏览器设置里允许，或按姓名签到。", offline: "没有网络，都存在这部手机上", online: "和别的手机同步", waits: "条待发",
      ended: "您不再管这个门口，名单已从这部手机上删掉。", none: "名单不在这部手机上。请在有网络的地方打开一次这一页。", ready: "没有网络也能用。名单在这部手机上，活动后一天自动删掉。",
      admitted: (/** @type {any} */ s) => s.company, already_in: (/** @type {any} */ s) => `${s.at} 已经进场，由 ${s.by} 登记。`, waitlisted: () => "还在候补，没有座位。要放行，请在名单里找到名字，按“放行”。", cancelled: () => "已经取消报名。要放行，请在名单里找到名字，按“放行”。",
      other_event: () => "这是另一场活动的入场券。", forged: () => "不是我们签发的，请不要放行。", signed_but_unknown: () => "券是真的，名单比它旧。可以进，请问一下姓名。", event_cancelled: () => "这场活动已经取消了。", not_yet: (/** @type {any} */ s) => `${s.opens} 开门。`,
    };
  /** For measuring: when each frame was taken, and when its verdict stood on the screen. @type {{text: string, verdict: string, ms: number}[]} */
  const timings = [];

  /** @param {string} tag @param {any} properties @param {() => void} act @param {...(Node | string)} children */
  function pressable(tag, properties, act, ...children) {
    const element = make(tag, properties, ...children);
    element.addEventListener("click", act);
    return element;
  }

  class Door {
    /** @param {HTMLElement} root @param {any} pack @param {{device: string, owner: string, skew: number, spelt: Map<string, string[]>}} known */
    constructor(root, pack, known) {
      const { device, owner, skew, spelt } = known;
      /** @type {string} */
      this.device = device;
      this.owner = owner;
      this.skew = skew;
      this.spelt = spelt;
      this.connected = navigator.onLine;
      /** @type {any} */
      this.camera = undefined;
      /** @type {any} */
      this.index = undefined;
      /** @type {ReturnType<typeof setTimeout> | undefined} */
      this.drawing = undefined;
      /** @type {ReturnType<typeof setTimeout> | undefined} */
      this.sending = undefined;
      this.root = root;
      this.id = root.dataset.door || "";
      this.lane = `event:${this.id}`;
      this.open(pack);
    }

    /** @param {any} pack */
    open(pack) {
      this.pack = pack;
      /** @type {any} */
      this.evening = huiyou.doorEvening(pack.data, { device: this.device, by: huiyou.doorView.words.here });
      return this.evening;
    }

    /** What this phone has seen and the pack does not know yet. */
    async replay() {
      for (const entry of await outbox.list(this.owner)) {
        if (entry.lane !== this.lane || !/^checkin\.(record|undo)$/.test(entry.name)) continue;
        this.evening.add(entry, outbox.isFinal(entry) && (entry.decided_at || 0) < this.pack.at - KEEP_MS);
      }
    }

    clock() { return Date.now() + this.skew; }

    // ——— what is pressed ———

    /** Decides, tells and keeps what was seen. @param {Record<string, string>} seen @param {number} [frame_at] */
    async record(seen, frame_at = performance.now()) {
      const fields = { ...seen, id: huiyou.uuid7(), device: this.device };
      const said = await this.evening.decide(fields, this.clock());
      const occurred_at = new Date().toISOString();
      const entry = this.entry("checkin.record", this.id, { ...fields, told: said.verdict }, `${huiyou.doorSignals.words[said.verdict]}${english ? ": " : "："}${said.guest?.name || seen.walk_in_name || ""}`);
      this.evening.add({ ...entry, occurred_at, state: "pending" });
      this.tell(said);
      timings.push({ text: seen.ticket || "", verdict: said.verdict, ms: performance.now() - frame_at });
      await this.keep({ ...entry, occurred_at });
    }

    /** @param {any} said */
    tell({ verdict, tone, guest, before }) {
      const { hour } = huiyou.doorView;
      const values = { name: guest?.name || "", company: guest?.company || "", at: before ? hour(before.at) : "", by: before?.by || "", opens: hour(this.evening.event.starts_at - huiyou.doorRules.OPENS_BEFORE_MS) };
      huiyou.doorSignals.show({ verdict, tone, name: values.name, sentence: words[/** @type {"admitted"} */ (verdict)](values) });
    }

    /** @param {string} name @param {string} target @param {Record<string, string>} fields @param {string} label */
    entry(name, target, fields, label) {
      return { op_id: huiyou.uuid7(), owner: this.owner, lane: this.lane, name, target, form_version: 1, fields, label };
    }

    /** @param {any} entry */
    async keep(entry) {
      try {
        await outbox.add(entry);
        huiyou.doorSignals.saved("saved");
      } catch (error) {
        console.warn(error);
        huiyou.doorSignals.saved("unsaved");
      }
      this.sendSoon();
      this.draw();
    }

    /** The next name is typed where this one was. @param {any} guest */
    admit(guest) {
      this.list.querySelector(".guest-second")?.remove();
      this.search.focus({ preventScroll: true });
      this.search.select();
      this.record({ signup_id: guest.signup, ...guest.state !== "confirmed" && { walk_in_name: guest.name } });
    }

    /** @param {string} id of a check-in @param {string} reason */
    async undo(id, reason) {
      const fact = this.evening.seen.get(id);
      const entry = this.entry("checkin.undo", id, reason ? { reason } : {}, `${huiyou.doorView.words.undo}${english ? ": " : "："}${this.evening.guest(id)?.name || fact?.name || ""}`);
      const parent = fact?.waits && fact.op_id ? { after: fact.op_id } : {};
      this.evening.add({ ...entry, ...parent, state: "pending" });
      huiyou.toast(entry.label);
      await this.keep({ ...entry, ...parent, occurred_at: new Date().toISOString() });
    }

    sendSoon() {
      if (this.sending || !this.connected) return;
      this.sending = setTimeout(() => {
        this.sending = undefined;
        huiyou.sender.send({ reason: "submit" });
      }, SEND_MS);
    }

    // ——— what stands on the page ———

    build() {
      this.state = make("p", { className: "door-state", role: "status" });
      this.figures = make("div");
      this.video = make("video", { playsInline: true, muted: true });
      this.lamp = pressable("button", { type: "button", className: "button", hidden: true }, () => this.light(), words.light);
      const stop = pressable("button", { type: "button", className: "button" }, () => this.stop(), words.stop);
      this.scanner = make("div", { className: "scanner", hidden: true }, this.video, make("div", { className: "actions" }, this.lamp, stop));
      this.scanButton = pressable("button", { type: "button", className: "button primary door-scan" }, () => this.scan(), words.scan);
      this.search = make("input", { type: "search", id: "door-q", placeholder: words.findHint, autocomplete: "off", maxLength: 80, enterKeyHint: "search", data: { doorFind: "", find: "" } });
      this.search.addEventListener("input", () => this.find());
      this.list = make("div", { id: "door-found", tabIndex: -1 });
      this.more = make("div");
      this.recent = make("section", { className: "section", id: "recent", tabIndex: -1 });
      const figures = make("details", {}, make("summary", {}, words.more), this.more);
      figures.addEventListener("toggle", () => this.draw());
      this.figuresFold = figures;
      this.root.replaceChildren(
        this.state, this.figures, this.scanButton, this.scanner, make("div", { className: "door-entry" }, this.walkIns(), this.typed()),
        make("section", { className: "section", id: "roster" }, make("div", { className: "field" }, make("label", { htmlFor: "door-q" }, words.find), this.search), this.list),
        this.recent, figures);
    }

    /** @param {string} title @param {any[]} fields @param {string} press @param {(values: Record<string, string>) => void} act */
    fold(title, fields, press, act) {
      const form = make("form", { noValidate: true }, ...fields.map(([label, input]) => make("div", { className: "field" }, make("label", { htmlFor: input.id }, label), input)), make("button", { type: "submit", className: "button primary" }, press));
      form.addEventListener("submit", (/** @type {Event} */ event) => {
        event.preventDefault();
        const [first] = fields.map(([, input]) => input);
        const values = Object.fromEntries(fields.map(([, input]) => [input.name, input.value.trim()]).filter(([, value]) => value));
        first.setAttribute("aria-invalid", String(!values[first.name]));
        if (!values[first.name]) return first.focus();
        act(values);
        form.reset();
        heading.focus({ preventScroll: true });
      });
      const heading = make("summary", {}, title);
      return make("details", {}, heading, form);
    }

    walkIns() {
      const fields = [
        [words.name, make("input", { id: "walk_in_name", name: "walk_in_name", maxLength: 40, autocomplete: "off" })],
        [words.phone, make("input", { id: "walk_in_phone", name: "walk_in_phone", type: "tel", maxLength: 20, autocomplete: "off" })],
      ];
      return this.fold(words.walkIn, fields, words.add, (values) => this.record(values));
    }

    typed() {
      const fields = [[words.code, make("input", { id: "door-ticket", name: "ticket", autocomplete: "off", spellcheck: false, autocapitalize: "off" })]];
      return this.fold(words.code, fields, words.check, ({ ticket }) => this.record({ ticket }));
    }

    find() {
      const query = this.search.value;
      const found = huiyou.doorFinding.found(query, this.index ||= huiyou.doorFinding.index(this.evening.roster()), this.spelt);
      huiyou.doorView.put(this.list, huiyou.doorView.list(found, query.trim(), this));
    }

    /** Says anew what has changed, soon, and not while a finger is between two touches. */
    draw() {
      this.drawing ||= setTimeout(() => {
        this.drawing = undefined;
        this.index = undefined;
        const counts = this.evening.counts();
        const flagged = this.evening.runs_it ? this.evening.flagged() : 0;
        this.figures.replaceChildren(...huiyou.doorView.figures(counts), ...flagged ? [make("p", { className: "box wait" }, make("a", { href: `/events/${this.id}/attendance` }, `${words.look}${flagged}`))] : []);
        const state = `${this.connected ? `● ${words.online}` : `○ ${words.offline}`}${counts.waits ? ` · ${counts.waits} ${words.waits}` : ""}`;
        if (state !== this.state.textContent) this.state.textContent = state;
        this.state.dataset.online = String(!!this.connected);
        this.state.dataset.waits = String(counts.waits);
        if (this.figuresFold.open) this.more.replaceChildren(...huiyou.doorView.figuresMore(this));
        if (!this.root.querySelector("#recent details[open]")) huiyou.doorView.put(this.recent, huiyou.doorView.recent(this));
        if (!this.list.querySelector(".guest-second, details[open]")) this.find();
      }, DRAW_MS);
    }

    // ——— the camera ———

    async scan() {
      huiyou.doorSignals.wake();
      this.camera ||= new huiyou.doorCamera.Camera(this.video, (/** @type {string} */ text, /** @type {number} */ at) => this.record({ ticket: text }, at));
      try {
        this.scanner.hidden = false;
        this.scanButton.hidden = true;
        await this.camera.start();
        this.lamp.hidden = this.camera.torch === null;
        this.awake = await /** @type {any} */ (navigator).wakeLock?.request("screen").catch(() => {});
      } catch (error) {
        console.warn(error);
        this.stop();
        page.say(words.noCamera, "bad");
      }
    }

    light() { this.camera.light(!this.camera.torch).catch(() => {}); }

    stop() {
      this.camera?.stop();
      this.awake?.release?.();
      this.scanner.hidden = true;
      this.scanButton.hidden = false;
    }

    // ——— other phones ———

    listen() {
      huiyou.doorLive.listen(this.id, {
        since: () => this.evening.serial,
        stamp: () => this.evening.roster_stamp,
        waits: () => [...this.evening.seen.values()].some((fact) => fact.waits),
        hear: (/** @type {any} */ news) => {
          this.skew = Date.parse(news.now) - Date.now();
          this.evening.hear(news);
          if (news.facts.length) this.draw();
        },
        renew: async () => {
          const pack = await huiyou.doorLive.pack(this.id);
          if (pack === "ended") return this.end();
          if (!pack) return;
          this.open(pack);
          await this.replay();
          this.draw();
        },
        ended: () => this.end(),
        online: (/** @type {boolean} */ is) => {
          if (this.connected !== is) this.draw();
          if (is && !this.connected) setTimeout(() => this.sendSoon());
          this.connected = is;
        },
      });
      huiyou.on("decided", (/** @type {any} */ { entry }) => {
        if (entry.lane !== this.lane || entry.owner !== this.owner) return;
        this.evening.decided(entry);
        this.draw();
      });
      setInterval(() => document.hidden || !this.figuresFold.open || this.draw(), 15_000);
    }

    end() {
      this.stop();
      this.root.replaceChildren(make("p", { className: "box" }, words.ended));
    }
  }

  /** This phone's own name among the phones at a door. @returns {Promise<string>} */
  async function deviceId() {
    const known = await store.get("device");
    if (known) return known;
    const made = huiyou.uuid7();
    await store.set("device", made);
    return made;
  }

  /** Right after a log-in the phone learns whose it is while the door opens: the pack is kept as soon as it knows. @param {any} pack */
  async function keep(pack) {
    for (let i = 0; i < 20 && !await huiyou.packs.get(pack.pack); i++) {
      await huiyou.packs.put(pack);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  /** @param {HTMLElement} root */
  async function mount(root) {
    root.dataset.mounted = "";
    const owner = huiyou.account.current();
    if (!outbox || !owner || !self.crypto?.subtle) return;
    const event = root.dataset.door || "";
    const kept = await huiyou.packs.get(event).catch(() => null);
    const pack = kept || await huiyou.doorLive.pack(event);
    if (!pack || pack === "ended") {
      if (root.hasAttribute("data-bare")) root.replaceChildren(make("p", { className: "box bad" }, pack ? words.ended : words.none));
      return;
    }
    const table = await fetch(root.dataset.pinyin || "").then((response) => response.json()).catch(() => ({}));
    const door = new Door(root, pack, { device: await deviceId(), owner, skew: await store.get("door_skew") || 0, spelt: huiyou.doorFinding.readings(table) });
    await door.replay();
    door.build();
    door.draw();
    door.listen();
    huiyou.doorCamera.listenToKeys((/** @type {string} */ text) => door.record({ ticket: text }), () => root.isConnected);
    if (!kept) keep(pack).catch(() => {});
    root.dataset.ready = "";
    huiyou.door = { door, timings };
  }

  const start = () => {
    for (const root of document.querySelectorAll(/** @type {"div"} */ ("[data-door]:not([data-mounted])"))) mount(root).catch((error) => console.warn(error));
  };
  document.addEventListener("htmx:after:swap", start);
  document.addEventListener("pointerdown", () => huiyou.doorSignals.wake(), { once: true });
  start();
})();
