import { assert } from '../assert.ts';
import { isSeekable } from '../sources/seekable.ts';
import type { LentBytes, SeekableSource, Source } from '../sources/source.ts';

/** Bytes by position: from `start` up to, not including, `end`. */
export interface ByteSpan {
  readonly start: number;
  readonly end: number;
}

/** An input of which every read costs a request, and which therefore wants to know what will be read. */
export interface RequestPlanning {
  /** True if the input is known to end like an indexed stream, so that nobody has to read its first bytes to see. */
  readonly endsIndexed: boolean;
  /** Memory that keeps all requests under way that may be, in bytes. */
  readonly readAheadBytes: number;
  /**
   * What will be read from now on, ascending, from its first byte to its last. The spans say where a request may end;
   * how many of them are one request is the input's to decide.
   *
   * @param requestBytes what a request should ask for, about.
   */
  planReads(spans: Iterable<ByteSpan>, requestBytes?: number): void;
  /** Fetches a few small spans at once and keeps them: later reads of them cost nothing. */
  prefetch(spans: readonly ByteSpan[], signal: AbortSignal): Promise<void>;
}

/** Encrypted bytes by position, for readers that mostly, but not always, go forward. */
export interface WireInput {
  readonly name: string;
  /** The input's length, where it is known without reading to the end. */
  readonly size: number | undefined;
  /** Fills `target` from `position` on: fewer bytes only where the input ends. */
  readAt(position: number, target: Uint8Array, signal: AbortSignal): Promise<number>;
  /** Hands out shared memory instead of copying; as readAt, fewer bytes only where the input ends. */
  lendAt?(position: number, length: number): LentBytes;
  /** Present where several reads may be under way at once, and should be. */
  readonly requests?: RequestPlanning;
  close(): Promise<void>;
}

/** An input that comes in order, once: a pipe, or a file that is read through. */
function sequentialInput(source: Source): WireInput {
  let next = 0;
  return {
    name: source.name,
    size: undefined,
    async readAt(position, target, signal) {
      assert(position === next, 'a sequential input is read in order');
      const count = await source.read(target, signal);
      next += count;
      return count;
    },
    close: () => source.close(),
  };
}

/** A seekable input is read at any position, another one in order. */
export function wireInputOf(input: Source | SeekableSource): WireInput {
  return isSeekable(input) ? input : sequentialInput(input);
}

/** Reads exactly so many bytes, or what is left of the input. */
export async function readUpTo(
  input: Pick<WireInput, 'readAt'>,
  position: number,
  length: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  return bytes.subarray(0, await input.readAt(position, bytes, signal));
}
