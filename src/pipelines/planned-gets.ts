import { abortError } from '../errors.ts';
import { untilAborted } from '../flow/until-aborted.ts';
import type { ObjectBody } from '../objects/object-store.ts';
import { awaitedLater } from './awaited-later.ts';
import { fillFrom, type PinnedObject } from './pinned-object.ts';
import type { ByteSpan } from './wire-input.ts';

/** A request may be sent before anybody has memory for its answer, up to so many bytes: what it costs is a socket. */
const aheadBytes = 8 * 2 ** 20;

/** What is read to no purpose rather than asked for by a request of its own, in the middle of an answer. */
const skippedBytes = 64 * 2 ** 10;

/** One ranged GET, whose answer is read in order, once, by reads that may be asked for all at once. */
export class PlannedGet {
  readonly span: ByteSpan;
  /** The first byte that no read was asked for yet. */
  asked: number;
  readonly #name: string;
  readonly #body: Promise<ObjectBody>;
  readonly #finished = Promise.withResolvers<void>();
  #next: number;
  #lastRead: Promise<void> = Promise.resolve();

  constructor(name: string, span: ByteSpan, body: Promise<ObjectBody>) {
    this.span = span;
    this.asked = span.start;
    this.#next = span.start;
    this.#name = name;
    this.#body = awaitedLater(body);
  }

  /** True if a read from there on comes next, or soon enough not to ask for it anew. */
  reaches(position: number): boolean {
    return position >= this.asked && position < this.span.end && position - this.asked <= skippedBytes;
  }

  /** Resolves when the answer was read to its end, or was let go of. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  /** Fills `target` from a position that no read was asked for yet. */
  read(position: number, target: Uint8Array, signal: AbortSignal): Promise<void> {
    this.asked = position + target.length;
    this.#lastRead = this.#readAfter(this.#lastRead, position, target, signal);
    return this.#lastRead;
  }

  async #readAfter(before: Promise<void>, position: number, target: Uint8Array, signal: AbortSignal): Promise<void> {
    await before;
    const body = await untilAborted(this.#body, signal);
    // What nobody wants between two reads is small: it was cheaper than another request.
    if (position > this.#next) await fillFrom(body, new Uint8Array(position - this.#next), this.#name, signal);
    await fillFrom(body, target, this.#name, signal);
    this.#next = position + target.length;
    if (this.#next === this.span.end) await this.close();
  }

  async close(): Promise<void> {
    const [sent] = await Promise.allSettled([this.#body]);
    if (sent.status === 'fulfilled') await sent.value.close();
    this.#finished.resolve();
  }
}

async function send(object: PinnedObject, span: ByteSpan, turn: Promise<void>, stop: AbortSignal): Promise<ObjectBody> {
  await turn;
  if (stop.aborted) throw abortError(stop);
  return object.get(span, stop);
}

/** What is left of a plan whose first answer is under way. */
function* spansBehind(first: PlannedGet | undefined, spans: Iterable<ByteSpan>): Generator<ByteSpan> {
  for (const { start, end } of spans) {
    const from = Math.max(start, first?.span.end ?? start);
    if (from < end) yield { start: from, end };
  }
}

/**
 * A plan of ranged GETs, sent in order as reads come to them and a little ahead, of which a limited number is under way
 * at one time. Reads are asked for in ascending order; they may be under way all at once, and each lands where it
 * belongs when its bytes arrive.
 */
export class PlannedGets {
  readonly #object: PinnedObject;
  readonly #spans: Iterator<ByteSpan>;
  readonly #parallelReads: number;
  readonly #stop = new AbortController();
  /** GETs that reads may still be asked of, in order. */
  readonly #current: PlannedGet[] = [];
  /** GETs that were not finished yet. */
  readonly #open = new Set<PlannedGet>();
  /** When the last so many GETs were finished, the oldest first. */
  readonly #finished: Promise<void>[] = [];

  /**
   * @param cut makes requests of what is to be read.
   * @param first an answer that is under way: what it has is not asked for again.
   */
  constructor(
    object: PinnedObject,
    spans: Iterable<ByteSpan>,
    cut: (spans: Iterable<ByteSpan>) => Iterator<ByteSpan>,
    parallelReads: number,
    first?: PlannedGet,
  ) {
    this.#object = object;
    this.#spans = cut(spansBehind(first, spans));
    this.#parallelReads = parallelReads;
    if (first !== undefined) this.#follow(first);
  }

  /**
   * Asks for the bytes from `position` on, as far as one GET of the plan has them.
   *
   * @returns how many they are, and when they are there; undefined if the plan does not have the first of them
   */
  read(
    position: number,
    target: Uint8Array,
    signal: AbortSignal,
  ): { readonly count: number; readonly done: Promise<void> } | undefined {
    const get = this.#at(position);
    if (get === undefined) return undefined;
    const count = Math.min(target.length, get.span.end - position);
    const done = awaitedLater(get.read(position, target.subarray(0, count), signal));
    this.#sendAhead();
    return { count, done };
  }

  /** Cancels what is under way. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all([...this.#open].map((get) => get.close()));
  }

  #at(position: number): PlannedGet | undefined {
    let get = this.#current[0];
    while (get === undefined || get.span.end <= position) {
      this.#current.shift();
      get = this.#current[0] ?? this.#pull();
      if (get === undefined) return undefined;
    }
    return get.asked <= position ? get : undefined;
  }

  #sendAhead(): void {
    let bytes = 0;
    for (const { asked, span } of this.#current) if (asked === span.start) bytes += span.end - span.start;
    while (bytes < aheadBytes && this.#current.length < this.#parallelReads) {
      const get = this.#pull();
      if (get === undefined) return;
      bytes += get.span.end - get.span.start;
    }
  }

  #pull(): PlannedGet | undefined {
    const next = this.#spans.next();
    if (next.done === true) return undefined;
    const turn = this.#finished.length < this.#parallelReads ? Promise.resolve() : this.#finished.shift()!;
    const get = new PlannedGet(this.#object.name, next.value, send(this.#object, next.value, turn, this.#stop.signal));
    this.#follow(get);
    return get;
  }

  #follow(get: PlannedGet): void {
    this.#current.push(get);
    this.#open.add(get);
    this.#finished.push(this.#whenFinished(get));
  }

  async #whenFinished(get: PlannedGet): Promise<void> {
    await get.finished;
    this.#open.delete(get);
  }
}
