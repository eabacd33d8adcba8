import { assert } from '../assert.ts';
import { isSeekable } from '../sources/seekable.ts';
import type { LentBytes, SeekableSource, Source } from '../sources/source.ts';

/** Encrypted bytes by position, for readers that mostly, but not always, go forward. */
export interface WireInput {
  readonly name: string;
  /** The input's length, where it is known without reading to the end. */
  readonly size: number | undefined;
  /** Fills `target` from `position` on: fewer bytes only where the input ends. */
  readAt(position: number, target: Uint8Array, signal: AbortSignal): Promise<number>;
  /** Hands out shared memory instead of copying; as readAt, fewer bytes only where the input ends. */
  lendAt?(position: number, length: number): LentBytes;
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
