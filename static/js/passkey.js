// form[data-passkey]: the device's own key, made ("create") or asked for ("get"), then an ordinary post.
(() => {
  const english = document.documentElement.lang === "en";
  const words = english
    ? { failed: "The device gave no key. Please try again, or use your password.", wait: "The device asks you…" }
    : { failed: "这台设备没有给出钥匙。请再试一次，或者用密码。", wait: "请在设备上确认……" };

  /** @param {ArrayBuffer} buffer base64url without padding */
  const encode = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  /** @param {string} text */
  const decode = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
  /** @param {{id: string}} key */
  const named = (key) => ({ ...key, id: decode(key.id) });

  /** What the server asks, as the browser wants it. @param {any} options */
  function asked(options) {
    const user = options.user && { ...options.user, id: decode(options.user.id) };
    return {
      ...options, challenge: decode(options.challenge), ...(user && { user }),
      ...(options.excludeCredentials && { excludeCredentials: options.excludeCredentials.map(named) }),
      ...(options.allowCredentials && { allowCredentials: options.allowCredentials.map(named) }),
    };
  }

  /** What the device answers, as the server reads it. @param {any} credential */
  function answered({ id, rawId, type, response, authenticatorAttachment }) {
    const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
    const given = parts.filter((part) => response[part]).map((part) => [part, encode(response[part])]);
    return JSON.stringify({ id, rawId: encode(rawId), type, authenticatorAttachment, response: Object.fromEntries(given), clientExtensionResults: {} });
  }

  /** @param {HTMLFormElement} form */
  async function ceremony(form) {
    const said = form.querySelector("[data-said]");
    if (said) said.textContent = words.wait;
    try {
      const options = await (await fetch(form.dataset.challenge || "", { cache: "no-store", credentials: "same-origin" })).json();
      const publicKey = asked(options);
      const credential = form.dataset.passkey === "create" ? await navigator.credentials.create({ publicKey }) : await navigator.credentials.get({ publicKey });
      form.elements.credential.value = answered(credential);
      HTMLFormElement.prototype.submit.call(form);
    } catch {
      if (said) said.textContent = words.failed;
    }
  }

  if (!self.PublicKeyCredential || !self.isSecureContext) return;
  for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form[data-passkey]"))) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      ceremony(form);
    });
  }
})();
