import { assert } from '../assert.ts';
import type { WireInput } from '../pipelines/wire-input.ts';
import type { Source } from '../sources/source.ts';

const skipSizeBytes = 2 ** 20;

/** A pipe for a reader that skips what it does not need: it is read all the same, and dropped. */
export function forwardInput(source: Source): WireInput {
  let next = 0;
  const dropped = new Uint8Array(skipSizeBytes);
  return {
    name: source.name,
    size: undefined,
    async readAt(position, target, signal) {
      assert(position >= next, 'a pipe is not read backwards');
      while (next < position) {
        const count = await source.read(dropped.subarray(0, position - next), signal);
        if (count === 0) return 0;
        next += count;
      }
      const count = await source.read(target, signal);
      next += count;
      return count;
    },
    close: () => source.close(),
  };
}
