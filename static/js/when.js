// <time data-when="full|day|time|ago">: says an instant as people say it, in the chamber's zone, and keeps it true.
(() => {
  const english = document.documentElement.lang === "en";
  const weekdays = english ? ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] : ["周日", "周一", "周二", "周三", "周四", "周五", "周六"];
  const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  /** @typedef {{year: number, month: number, day: number, hour: number, text: string, count: number}} Wall */

  /** The day's number counted from 1970, so that days can be subtracted. */
  const count = (/** @type {number} */ year, /** @type {number} */ month, /** @type {number} */ day) => Date.UTC(year, month - 1, day) / 864e5;

  /** What the wall clock and the calendar say. @param {Date} date @returns {Wall} */
  function wall(date) {
    const { year, month, day, hour, time } = self.huiyou.wall(date);
    return { year, month, day, hour, text: time, count: count(year, month, day) };
  }

  /** @param {string} value @returns {Wall} */
  function read(value) {
    const [year, month, day] = value.split("-").map(Number);
    return value.length > 10 ? wall(new Date(value)) : { year, month, day, hour: -1, text: "", count: count(year, month, day) };
  }

  /** @param {Wall} at @param {Wall} now @param {boolean} withHour */
  function dayWords(at, now, withHour) {
    const evening = withHour && at.hour >= 18;
    const near = english
      ? { "-1": "Yesterday", 0: evening ? "Tonight" : "Today", 1: "Tomorrow" }
      : { "-1": "昨天", 0: evening ? "今晚" : "今天", 1: evening ? "明晚" : "明天", 2: "后天" };
    const away = at.count - now.count;
    const weekday = weekdays[(at.count + 4) % 7];
    if (away in near) return near[/** @type {0} */ (away)];
    if (away > 0 && away < 7) return weekday;
    if (english) return `${weekday} ${at.day} ${months[at.month - 1]}${at.year === now.year ? "" : ` ${at.year}`}`;
    return `${at.year === now.year ? "" : `${at.year}年`}${at.month}月${at.day}日 ${weekday}`;
  }

  /** @param {string} value @param {string} style @param {Date} moment */
  function say(value, style, moment) {
    const at = read(value);
    const now = wall(moment);
    if (style === "time") return at.text;
    if (style === "day" || at.hour < 0) return dayWords(at, now, false);
    const minutes = Math.floor((moment.getTime() - Date.parse(value)) / 6e4);
    if (style === "ago" && minutes >= 0 && at.count === now.count) {
      if (minutes < 1) return english ? "just now" : "刚刚";
      if (minutes < 60) return english ? `${minutes} min ago` : `${minutes} 分钟前`;
      return english ? `${Math.floor(minutes / 60)} h ago` : `${Math.floor(minutes / 60)} 小时前`;
    }
    return `${dayWords(at, now, true)} ${at.text}`;
  }

  function tell() {
    const now = new Date();
    for (const time of document.querySelectorAll("time[data-when]")) {
      const { dataset, dateTime } = /** @type {HTMLTimeElement} */ (time);
      if (!time.hasAttribute("title")) time.setAttribute("title", time.textContent || "");
      const words = say(dateTime, dataset.when || "full", now);
      if (time.textContent !== words) time.textContent = words;
    }
  }

  /** On paper there is no "tonight": the whole date stands there. */
  function tellWhole() {
    for (const time of document.querySelectorAll("time[data-when][title]")) time.textContent = time.getAttribute("title");
  }

  tell();
  addEventListener("pageshow", tell);
  addEventListener("beforeprint", tellWhole);
  addEventListener("afterprint", tell);
  document.addEventListener("htmx:after:swap", tell);
  document.addEventListener("huiyou:shown", tell);
  document.addEventListener("visibilitychange", () => document.hidden || tell());
  setInterval(() => document.hidden || tell(), 30000);
})();
