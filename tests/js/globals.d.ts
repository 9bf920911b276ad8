// What the scripts find in their global scope besides what browsers give: the engine, the worker's own objects, htmx.

declare const RELEASE: string;
declare const ASSETS: string[];
declare const htmx: any;
declare var huiyou: any;

interface Window {
  htmx: any;
  trustedTypes: any;
}

/** A form's fields by their names. */
interface HTMLFormControlsCollection {
  [name: string]: any;
}
