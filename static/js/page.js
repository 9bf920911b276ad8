// What the other behaviours share: the page's address and language, its sentences, and exchanging its main part.
(() => {
  const huiyou = self.huiyou = self.huiyou || {};
  const english = document.documentElement.lang === "en";
  const CARRIED = "said";

  /** An element with these properties and children. @param {string} tag @param {Record<string, any>} [properties] @param {...(Node | string)} children @returns {any} */
  function make(tag, properties = {}, ...children) {
    const element = document.createElement(tag);
    const { data, ...rest } = properties;
    Object.assign(element, rest);
    Object.assign(element.dataset, data);
    element.append(...children);
    return element;
  }

  const page = huiyou.page = {
    english,
    make,
    url: () => location.pathname + location.search,

    /** Says what has just happened, also to a screen reader, in place of what was said before. @param {string} message @param {string} [tone] @param {Node[]} more */
    say(message, tone = "good", ...more) {
      document.getElementById("told")?.replaceChildren();
      page.add(message, tone, ...more);
    },

    /** Says it under what was said before. @param {string} message @param {string} [tone] @param {Node[]} more */
    add(message, tone = "good", ...more) {
      const place = document.getElementById("told");
      if (!place || !message) return;
      const box = make("p", { className: `box ${tone}` }, message);
      for (const part of more) box.append(" ", part);
      place.append(box);
      box.scrollIntoView({ block: "nearest" });
    },

    /** The tone in which an outcome is said. @param {any} entry */
    tone: ({ state, verdict }) =>
      verdict?.tone || { waitlisted: "wait", duplicate: "wait", refused: "bad", not_sent: "bad" }[/** @type {"refused"} */ (state)] || "good",

    /** Goes to another page, and says there what happened here. @param {string} url @param {string} [message] @param {string} [tone] */
    go(url, message, tone) {
      try {
        if (message) sessionStorage.setItem(CARRIED, JSON.stringify([message, tone]));
      } catch { /* a browser that keeps nothing says nothing there */ }
      location.assign(url);
    },

    /** Puts a fragment in the place of the page's main part; without one, as the server has it now. @param {string} [html] */
    async swap(html) {
      const options = { target: "#main", swap: "outerHTML" };
      html = html?.replace(/<script\b[^>]*><\/script>/g, "");
      await (html ? window.htmx.swap({ ...options, text: html, sourceElement: document.body }) : window.htmx.ajax("GET", page.url(), options));
      document.getElementById("main")?.focus({ preventScroll: true });
    },
  };

  addEventListener("pageshow", () => {
    const carried = sessionStorage.getItem(CARRIED);
    if (!carried) return;
    sessionStorage.removeItem(CARRIED);
    page.say(.../** @type {[string, string]} */ (JSON.parse(carried)));
  });

  // The page's own rules hold while its main part is exchanged.
  for (const link of document.querySelectorAll("main link")) document.head.append(link.cloneNode());

  // The page's own scripts are there already, and none is made from text.
  document.addEventListener("htmx:after:request", (event) => {
    const { ctx } = /** @type {CustomEvent} */ (event).detail;
    if (ctx?.text) ctx.text = ctx.text.replace(/<script\b[^>]*><\/script>/g, "");
  });

  // A page that htmx cannot fetch is opened as a link would be: the worker may have it.
  document.addEventListener("htmx:error", (event) => {
    const { ctx } = /** @type {CustomEvent} */ (event).detail || {};
    if (ctx?.request?.method !== "GET" || ctx.response) return;
    if (ctx.request.headers?.["HX-History-Restore-Request"]) location.reload();
    else if (ctx.sourceElement?.getAttribute("hx-push-url") === "true") location.assign(ctx.request.action);
  });
})();
