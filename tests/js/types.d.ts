// The shapes that the engine's files hand one another.

/** One operation in the outbox: from "stored on this phone" to its one final outcome. */
export interface Entry {
  op_id: string;
  /** An account's id, or a visitor's outbox id. */
  owner: string;
  seq: number;
  lane: string;
  /** The operation that this one depends on. */
  after?: string;
  name: string;
  target?: string;
  form_version: number;
  fields: Record<string, string>;
  secret?: { key: string; iv: ArrayBuffer; data: ArrayBuffer };
  /** pending, sending, held, or final: accepted, waitlisted, duplicate, refused, not_sent, withdrawn. */
  state: string;
  tries: number;
  occurred_at: string;
  page?: string;
  action?: string;
  label?: string;
  outcome?: string;
  message?: string;
  url?: string;
  verdict?: Record<string, unknown>;
  /** Instants of the phone's clock, in ms since 1970. */
  decided_at?: number;
  not_before?: number;
  replaced_by?: string;
  again?: boolean;
  acknowledged?: boolean;
  /** Saved by itself, as a desk does while one types: nobody is told of it. */
  quiet?: boolean;
}

/** A page of the phone's set, as a line of the sync brings it. */
export interface PageLine {
  url: string;
  etag: string;
  title: string;
  html: string;
  as_of: string;
}
