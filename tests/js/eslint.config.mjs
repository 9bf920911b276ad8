// The rules that every script keeps: those that find faults, none of taste.
import js from "@eslint/js";

const browser = [
  "window", "self", "globalThis", "document", "navigator", "location", "history", "localStorage", "sessionStorage", "indexedDB",
  "IDBKeyRange", "caches", "crypto", "fetch", "Request", "Response", "Headers", "URL", "URLSearchParams", "FormData", "Blob",
  "TextEncoder", "TextDecoder", "TextDecoderStream", "ReadableStream", "TransformStream", "AbortController", "AbortSignal",
  "BroadcastChannel", "MessageChannel", "Event", "CustomEvent", "EventTarget", "DOMException", "DOMParser", "Element", "HTMLElement",
  "HTMLFormElement", "HTMLInputElement", "HTMLButtonElement", "HTMLSelectElement", "HTMLTextAreaElement", "HTMLFieldSetElement",
  "HTMLAnchorElement", "HTMLDialogElement", "HTMLDetailsElement", "HTMLTimeElement", "HTMLTemplateElement", "HTMLImageElement",
  "SubmitEvent", "Node", "NodeList", "MutationObserver", "IntersectionObserver", "Intl", "CSS", "htmx", "trustedTypes", "performance",
  "setTimeout", "clearTimeout", "setInterval", "clearInterval", "queueMicrotask", "requestAnimationFrame", "requestIdleCallback",
  "structuredClone", "addEventListener", "removeEventListener", "dispatchEvent", "matchMedia", "getComputedStyle", "confirm", "alert",
  "console", "isSecureContext", "scrollTo", "btoa", "atob", "innerHeight", "innerWidth", "CryptoKey", "visualViewport",
];
const worker = ["clients", "registration", "skipWaiting", "importScripts", "RELEASE", "ASSETS"];
const node = ["process", "Buffer", "setImmediate", "clearImmediate", "console", "globalThis", "URL", "structuredClone", "setTimeout",
  "clearTimeout", "crypto", "Response", "Request", "Headers", "ReadableStream", "TextEncoder", "TextDecoder", "AbortController",
  "AbortSignal", "DOMException", "performance", "queueMicrotask", "EventTarget", "Event", "CustomEvent", "fetch", "btoa", "atob",
  "CompressionStream", "DecompressionStream", "TextDecoderStream", "TransformStream", "Blob", "FormData", "URLSearchParams"];
const globals = (...lists) => Object.fromEntries(lists.flat().map((name) => [name, "readonly"]));

const rules = {
  ...js.configs.recommended.rules,
  eqeqeq: ["error", "always", { null: "ignore" }],
  "no-implicit-globals": "error",
  "no-var": "error",
  "prefer-const": "error",
  "no-eval": "error",
  "no-implied-eval": "error",
  "no-new-func": "error",
  "no-shadow": "error",
  "no-restricted-properties": ["error", { property: "innerHTML", message: "Text from people is set by textContent; HTML of ours by a policy." }],
  "no-empty": ["error", { allowEmptyCatch: true }],
  "no-unused-vars": ["error", { caughtErrors: "none" }],
};

export default [
  { ignores: ["**/node_modules/**"] },
  {
    files: ["**/static/**/*.js"],
    languageOptions: { ecmaVersion: 2023, sourceType: "script", globals: { ...globals(browser, worker), huiyou: "writable" } },
    rules,
  },
  {
    files: ["**/*.mjs"],
    languageOptions: { ecmaVersion: 2024, sourceType: "module", globals: globals(node) },
    rules,
  },
];
