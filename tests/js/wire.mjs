// What a phone's engine asks of the network, until whoever drives it answers or fails it.
import { ORIGIN, never, world } from "./world.mjs";

export async function fetchOf(tab, input, init = {}) {
  if (tab.dead) return never();
  const request = typeof input === "string" || input instanceof URL ? null : input;
  const signal = init.signal ?? request?.signal;
  if (signal?.aborted) throw signal.reason;
  const headers = Object.fromEntries(new Headers(init.headers ?? request?.headers ?? {}));
  let body = init.body ?? (request?.body ? await request.text() : null);
  if (body instanceof Blob) body = await body.text();
  else if (body && typeof body !== "string") body = body instanceof URLSearchParams ? String(body) : Buffer.from(body).toString();
  const number = world.nextFetch++;
  return new Promise((answer, fail) => {
    world.fetches.set(number, { tab, answer, fail, redirect: init.redirect ?? request?.redirect ?? "follow" });
    world.events.push({
      fetch: number, browser: tab.browser.name, tab: tab.name, method: init.method ?? request?.method ?? "GET",
      url: String(new URL(request?.url ?? String(input), ORIGIN)).slice(ORIGIN.length), headers, body, redirect: init.redirect ?? "follow",
    });
    signal?.addEventListener("abort", () => {
      if (!world.fetches.delete(number)) return;
      world.events.push({ aborted: number });
      fail(signal.reason);
    });
  });
}

export function answerFetch({ fetch: number, status, headers, body, cut }) {
  const request = world.fetches.get(number);
  if (!request) return false;
  world.fetches.delete(number);
  if (status >= 300 && status < 400 && status !== 304 && request.redirect === "error") {
    request.fail(new TypeError("redirected"));
    return true;
  }
  const bytes = Buffer.from(body ?? "", "base64");
  const whole = cut == null ? bytes : bytes.subarray(0, cut);
  const stream = new ReadableStream({
    start(controller) {
      if (whole.length) controller.enqueue(new Uint8Array(whole));
      if (cut == null) controller.close();
      else controller.error(new TypeError("network error"));
    },
  });
  const opaque = status >= 300 && status < 400 && status !== 304;
  const response = new Response([101, 204, 205, 304].includes(status) || opaque ? null : stream, { status: opaque ? 200 : status, headers: opaque ? {} : headers });
  if (opaque) Object.defineProperties(response, { status: { value: 0 }, ok: { value: false }, type: { value: "opaqueredirect" } });
  request.answer(response);
  return true;
}
