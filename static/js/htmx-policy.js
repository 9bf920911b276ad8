// Lets htmx work under `require-trusted-types-for 'script'`: what this server sent may become markup, text never becomes code.
(() => {
  /** @returns {never} */
  function deny() {
    throw new TypeError("No script is made from text here.");
  }
  const pass = { createHTML: (/** @type {string} */ html) => html, createScript: deny };
  const policy = window.trustedTypes ? window.trustedTypes.createPolicy("huiyou-htmx", pass) : pass;
  window.htmx.registerExtension("policy", {
    init: (/** @type {any} */ api) => api.initSecurity(policy, deny, deny),
  });
})();
