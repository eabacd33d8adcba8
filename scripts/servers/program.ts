/** Where a program was found. */
export interface Found {
  readonly version: string;
  readonly path: string;
}

/** A server or a client that tests and benches use if it is there. */
export interface Program {
  readonly name: string;
  /** What it is for, in a few words. */
  readonly what: string;
  /** Undefined if this machine lacks it. */
  readonly find: () => Promise<Found | undefined>;
  /** @throws Error saying in its first line why it cannot be had */
  readonly install: (signal: AbortSignal) => Promise<void>;
}
