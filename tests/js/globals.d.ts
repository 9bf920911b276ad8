// What the scripts find in their global scope besides what browsers give: the engine, the worker's own objects, htmx.

type Entry = import("./types").Entry;
/** As a form hands it in. */
type Given = Omit<Entry, "seq" | "state" | "tries" | "occurred_at"> & Partial<Entry>;
type PageLine = import("./types").PageLine;
type Sealed = NonNullable<Entry["secret"]>;
/** A person's operations go as theirs, a visitor's (`account: null`) under the id of the phone's outbox. */
type Sender = { account: string | null; outbox: string };
/** What kind of answer came to a batch. */
type Came = { kind: string; body?: any; wait?: number };
/** What the network said to a navigation. */
type Answer = { page: any; status: number; account: string; location: string | null };
type Sent = { sent: number; answer: string; pages: PageLine[] };
type KeptPage = Omit<PageLine, "html"> & { size: number };

/** The engine; each file of static/engine hangs one part here. The scripts of pages add their own. */
interface Huiyou {
  on(type: string, ear: (detail: any) => void): void;
  tell(type: string, detail?: any): void;
  uuid7(): string;
  alone(name: string, work: () => Promise<any>, waits?: boolean): Promise<any>;
  call(url: string, body?: object, more?: RequestInit): Promise<Response>;
  within<T>(ms: number, ask: (signal: AbortSignal) => Promise<T>): Promise<T>;
  heed(response: Response): Promise<void>;
  ours(response: Response): boolean;
  store: {
    ask<T>(request: IDBRequest<T>): Promise<T>;
    running: Set<IDBTransaction>;
    aside: Promise<void> | null;
    transact<T>(names: string[], mode: IDBTransactionMode, work: (...stores: IDBObjectStore[]) => Promise<T>): Promise<T>;
    get(key: string): Promise<any>;
    set(key: string, value: any): Promise<any>;
    read(name: string, key: IDBValidKey): Promise<any>;
    readAll(name: string): Promise<any[]>;
    write(name: string, row: object): Promise<any>;
    remove(name: string, key: IDBValidKey): Promise<any>;
    empty(name: string): Promise<any>;
  };
  vault: {
    seal(key: string, value: any): Promise<Sealed>;
    unseal(sealed: Sealed): Promise<any>;
    takeSecrets(fields: Record<string, string>): Promise<Sealed | undefined>;
  };
  outbox: {
    FINAL: string[];
    isFinal(entry: Entry): boolean;
    add(given: Given): Promise<Entry>;
    get(op_id: string): Promise<Entry | undefined>;
    list(owner: string): Promise<Entry[]>;
    waiting(owner: string): Promise<Entry[]>;
    withdraw(op_id: string): Promise<boolean>;
    replace(op_id: string, given: Given): Promise<boolean>;
    begin(op_ids: string[]): Promise<Entry[]>;
    decide(op_id: string, answer: { outcome: string; message?: string; url?: string; verdict?: Record<string, unknown> }): Promise<void>;
    defer(op_id: string, not_before: number): Promise<void>;
    hold(owner: string): Promise<void>;
    release(owner: string): Promise<void>;
    offerAgain(): Promise<void>;
    acknowledge(op_id: string): Promise<void>;
    sweep(): Promise<void>;
    forget(owner: string, options?: { keep?: boolean }): Promise<void>;
  };
  sender: {
    compareGeneration(generation?: string): Promise<boolean>;
    send(options?: { reason?: string }): Promise<Sent>;
  };
  pages: {
    list(): Promise<KeptPage[]>;
    read(url: string, account?: string): Promise<PageLine | null>;
    put(page: PageLine | PageLine[], account: string): Promise<boolean>;
    drop(etags?: Set<string>): Promise<void>;
    shell(account: string): Promise<Response | undefined>;
    renewShell(account?: string): Promise<boolean>;
  };
  sync: { run(options?: { force?: boolean; after?: boolean }): Promise<any> };
  account: {
    current(): string;
    marked(): string | null;
    visitor(): Promise<string>;
    owner(): Promise<string>;
    adopt(account: string): Promise<any>;
    leave(options?: { keep?: boolean }): Promise<boolean>;
    end(): Promise<void>;
    bury(): Promise<boolean>;
  };
  wall(date: Date): { year: number; month: number; day: number; hour: number; minute: number; time: string };
  [name: string]: any;
}

declare const RELEASE: string;
declare const ASSETS: string[];
declare const htmx: any;
declare var huiyou: Huiyou;

interface Window {
  htmx: any;
  trustedTypes: any;
}

/** A form's fields by their names. */
interface HTMLFormControlsCollection {
  [name: string]: any;
}
