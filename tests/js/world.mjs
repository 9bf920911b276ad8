// What all phones of a run share: the true time, what is under way, and what happened meanwhile.

export const ORIGIN = "http://127.0.0.1:1118";
const QUIET_ROUNDS = 8;

/** `busy`: how much is under way that the loop cannot see. */
export const world = { now: Date.UTC(2026, 10, 21, 2), busy: 0, events: [], fetches: new Map(), nextFetch: 1, nextTimer: 1, luck: 1118 };

/** Never comes: what a dead tab waits for. */
export const never = () => new Promise(() => {});

export const worded = (thing) => (thing instanceof Error || thing?.stack ? String(thing.stack) : typeof thing === "string" ? thing : safeJSON(thing));
export const safeJSON = (thing) => { try { return JSON.stringify(thing); } catch { return String(thing); } };

/** Let everything run until nothing moves any more. */
export async function settle() {
  for (let quiet = 0; quiet < QUIET_ROUNDS; quiet++) {
    await new Promise(setImmediate);
    if (world.busy) quiet = -1;
  }
}
