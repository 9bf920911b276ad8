// How a verdict is told: the whole screen in colour, word and sign; a sound; a buzz.
(() => {
  const { huiyou } = self;
  const { make, english } = huiyou.page;
  const STAYS_MS = { good: 1600, wait: 5000, bad: 5000 };
  const SIGNS = { good: "✓", wait: "!", bad: "✕" };
  const BUZZES = { good: [60], wait: [60, 80, 60], bad: [250, 100, 250] };
  /** Frequency in Hz, and for how long in s. @type {Record<string, [number, number][]>} */
  const TONES = { good: [[1047, 0.08], [1568, 0.12]], wait: [[660, 0.12], [660, 0.12]], bad: [[196, 0.35]] };
  const words = english
    ? {
      admitted: "Come in", signed_but_unknown: "Not on the list", not_yet: "Not yet", waitlisted: "Waiting list", already_in: "Already in", cancelled: "Cancelled",
      other_event: "Other event", forged: "Not genuine", event_cancelled: "Event cancelled",
      saving: "Saving…", saved: "Saved on this phone", sent: "Known to all phones", unsaved: "NOT SAVED on this phone. Write it down.", close: "Next",
    }
    : {
      admitted: "请进", signed_but_unknown: "名单外", not_yet: "未开门", waitlisted: "候补", already_in: "重复", cancelled: "已取消报名",
      other_event: "别场的票", forged: "假票", event_cancelled: "活动已取消",
      saving: "正在存……", saved: "已存在这部手机上", sent: "各部手机都已知道", unsaved: "没能存下来，请用笔记下。", close: "下一位",
    };
  /** @type {AudioContext | undefined} */
  let audio;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let leaves;
  /** What had the focus before the screen came. @type {Element | null} */
  let back = null;

  /** @param {string} tone */
  function sound(tone) {
    if (!audio || audio.state !== "running") return;
    let at = audio.currentTime;
    for (const [frequency, seconds] of TONES[tone]) {
      const [oscillator, gain] = [audio.createOscillator(), audio.createGain()];
      oscillator.type = tone === "bad" ? "sawtooth" : "sine";
      oscillator.frequency.value = frequency;
      gain.gain.setValueAtTime(0.25, at);
      gain.gain.linearRampToValueAtTime(0, at + seconds);
      oscillator.connect(gain).connect(audio.destination);
      oscillator.start(at);
      at += seconds;
      oscillator.stop(at);
    }
  }

  const signals = huiyou.doorSignals = {
    words,
    SIGNS,

    /** Sound may be made once somebody has touched the page. */
    wake() {
      const Audio = self.AudioContext;
      if (!Audio) return;
      audio ||= new Audio();
      audio.resume().catch(() => {});
    },

    /** The screen that says a verdict. @param {{verdict: string, tone: string, name: string, sentence: string, more?: Node[]}} said */
    show({ verdict, tone, name, sentence, more = [] }) {
      clearTimeout(leaves);
      const kind = /** @type {"good"} */ (tone);
      const shown = document.querySelector(".verdict");
      if (!shown) back = document.activeElement;
      const screen = shown || document.body.appendChild(make("div", { className: "verdict", role: "alert" }));
      screen.setAttribute("data-tone", tone);
      screen.setAttribute("data-verdict", verdict);
      const close = make("button", { type: "button", className: "button verdict-close" }, words.close);
      close.addEventListener("click", signals.hide);
      screen.replaceChildren(
        make("p", { className: "verdict-sign", ariaHidden: "true" }, SIGNS[kind]),
        make("p", { className: "verdict-word" }, words[/** @type {"admitted"} */ (verdict)]),
        ...name ? [make("p", { className: "verdict-name" }, name)] : [],
        ...sentence ? [make("p", { className: "verdict-sentence" }, sentence)] : [],
        make("p", { className: "verdict-saved" }, words.saving),
        ...more, close);
      sound(tone);
      navigator.vibrate?.(BUZZES[kind]);
      leaves = setTimeout(signals.hide, STAYS_MS[kind]);
    },

    /** Whether the fact that is shown is safe. @param {"saved" | "sent" | "unsaved"} how */
    saved(how) {
      const line = document.querySelector(".verdict .verdict-saved");
      if (!line) return;
      line.textContent = words[how];
      line.classList.toggle("bad", how === "unsaved");
      if (how === "unsaved") clearTimeout(leaves);
    },

    hide() {
      clearTimeout(leaves);
      const screen = document.querySelector(".verdict");
      const closed = screen?.contains(document.activeElement);
      screen?.remove();
      if (closed && back instanceof HTMLElement) back.focus({ preventScroll: true });
    },
  };
})();
