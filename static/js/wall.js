// huiyou.wall(date): what the chamber's wall clock and calendar say at an instant.
(() => {
  const huiyou = self.huiyou = self.huiyou || {};
  const { offset, zone } = document.documentElement.dataset;
  /** @type {Intl.DateTimeFormat | undefined} */
  let format;

  /** @param {Date} date */
  function fields(date) {
    // Making a formatter takes a phone longer than all scripts of a page; a zone that never changes its clocks needs none.
    format = format || new Intl.DateTimeFormat("en-GB", {
      timeZone: zone, year: "numeric", month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
    });
    /** @type {Record<string, number>} */
    const part = {};
    for (const { type, value } of format.formatToParts(date)) part[type] = Number(value);
    return [part.year, part.month, part.day, part.hour, part.minute];
  }

  /** @param {Date} date */
  function counted(date) {
    const there = new Date(date.getTime() + Number(offset) * 6e4);
    return [there.getUTCFullYear(), there.getUTCMonth() + 1, there.getUTCDate(), there.getUTCHours(), there.getUTCMinutes()];
  }

  huiyou.wall = (/** @type {Date} */ date) => {
    const [year, month, day, hour, minute] = offset ? counted(date) : fields(date);
    const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
    return { year, month, day, hour, minute, time: `${two(hour)}:${two(minute)}` };
  };
})();
