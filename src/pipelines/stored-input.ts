import { awaitedLater } from './awaited-later.ts';
import { cutReads, defaultRequestBytes } from './cut-reads.ts';
import { KeptBytes } from './kept-bytes.ts';
import type { BegunAnswer } from './known-object.ts';
import type { PinnedObject } from './pinned-object.ts';
import { PlannedGet, PlannedGets } from './planned-gets.ts';
import type { ByteSpan, RequestPlanning, WireInput } from './wire-input.ts';

/** Of what has come, so much is decrypted or released while the next answers come. */
const decryptingBytes = 16 * 2 ** 20;

export interface StoredInputOptions {
  readonly parallelReads: number;
  /** True for an indexed stream. */
  readonly endsIndexed?: boolean | undefined;
  readonly begun?: BegunAnswer | undefined;
}

/**
 * One version of an object, read by position: out of what was kept, else by the GETs that were planned or begun, else by a
 * GET of its own. Reads may be asked for all at once; those of the plan are to be asked for in ascending order.
 */
export class StoredInput implements WireInput {
  readonly name: string;
  readonly size: number;
  readonly requests: RequestPlanning;
  readonly #object: PinnedObject;
  readonly #kept = new KeptBytes();
  readonly #parallelReads: number;
  #plan: PlannedGets | undefined;
  /** The answer that was begun before anything was planned, until a plan goes on with it. */
  #begun: PlannedGet | undefined;
  readonly #closing: Promise<void>[] = [];

  constructor(object: PinnedObject, { parallelReads, endsIndexed = false, begun }: StoredInputOptions) {
    this.name = object.name;
    this.size = object.head.sizeBytes;
    this.#object = object;
    this.#parallelReads = parallelReads;
    if (begun !== undefined) {
      const { start, end, body } = begun;
      this.#begun = new PlannedGet(object.name, { start, end }, Promise.resolve(body));
    }
    this.requests = {
      endsIndexed,
      readAheadBytes: parallelReads * defaultRequestBytes + decryptingBytes,
      planReads: (spans, requestBytes) => this.#planReads(spans, requestBytes),
      prefetch: (spans, signal) => this.#prefetch(spans, signal),
    };
  }

  /** Remembers bytes, which are then not asked for. */
  keep(position: number, bytes: Uint8Array): void {
    this.#kept.add(position, bytes);
  }

  async readAt(position: number, target: Uint8Array, signal: AbortSignal): Promise<number> {
    const count = Math.max(0, Math.min(target.length, this.size - position));
    const wanted = target.subarray(0, count);
    // Everything is asked for before anything is waited for: the order of calls is the order of reads.
    const fetched: Promise<void>[] = [];
    for (const { start, end } of this.#kept.missing({ start: position, end: position + count })) {
      fetched.push(...this.#fetch(start, wanted.subarray(start - position, end - position), signal));
    }
    this.#kept.copyTo(wanted, position);
    await allSettled(fetched);
    return count;
  }

  async close(): Promise<void> {
    this.#abandonPlan();
    if (this.#begun !== undefined) this.#closing.push(awaitedLater(this.#begun.close()));
    this.#begun = undefined;
    await Promise.all(this.#closing);
  }

  #fetch(position: number, target: Uint8Array, signal: AbortSignal): Promise<void>[] {
    const fetched: Promise<void>[] = [];
    let filled = 0;
    while (filled < target.length) {
      const rest = target.subarray(filled);
      const start = position + filled;
      const planned = this.#plan?.read(start, rest, signal) ?? this.#readBegun(start, rest, signal);
      fetched.push(planned?.done ?? awaitedLater(this.#object.read({ start, end: start + rest.length }, rest, signal)));
      filled += planned?.count ?? rest.length;
    }
    return fetched;
  }

  #readBegun(
    position: number,
    target: Uint8Array,
    signal: AbortSignal,
  ): { readonly count: number; readonly done: Promise<void> } | undefined {
    const begun = this.#begun;
    if (begun?.reaches(position) !== true) return undefined;
    const count = Math.min(target.length, begun.span.end - position);
    return { count, done: awaitedLater(begun.read(position, target.subarray(0, count), signal)) };
  }

  #planReads(spans: Iterable<ByteSpan>, requestBytes?: number): void {
    this.#abandonPlan();
    const missing = this.#missing(spans);
    const first = missing.next();
    if (first.done === true) return;
    const begun = this.#begun?.reaches(first.value.start) === true ? this.#begun : undefined;
    if (begun !== undefined) this.#begun = undefined;
    const cut = (left: Iterable<ByteSpan>): Iterator<ByteSpan> => cutReads(left, requestBytes);
    this.#plan = new PlannedGets(this.#object, withFirst(first.value, missing), cut, this.#parallelReads, begun);
  }

  async #prefetch(spans: readonly ByteSpan[], signal: AbortSignal): Promise<void> {
    const fetch = async (span: ByteSpan): Promise<void> => {
      const bytes = new Uint8Array(span.end - span.start);
      await this.#object.read(span, bytes, signal);
      this.keep(span.start, bytes);
    };
    const gets = [...cutReads(this.#missing(spans), Number.POSITIVE_INFINITY)];
    await allSettled(gets.map(fetch));
  }

  *#missing(spans: Iterable<ByteSpan>): Generator<ByteSpan> {
    for (const span of spans) yield* this.#kept.missing(span);
  }

  #abandonPlan(): void {
    if (this.#plan !== undefined) this.#closing.push(awaitedLater(this.#plan.close()));
    this.#plan = undefined;
  }
}

function* withFirst(first: ByteSpan, rest: Iterable<ByteSpan>): Generator<ByteSpan> {
  yield first;
  yield* rest;
}

/** Waits for all of them, since each writes into memory that is somebody's, and then fails as the first did. */
async function allSettled(works: readonly Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(works)) if (outcome.status === 'rejected') throw outcome.reason;
}
