import type { SeekableSource } from '../sources/source.ts';
import type { SkippableSource } from './segment-reader.ts';

/** Reads a source that can be sought from its first byte on, and passes over what is not wanted. Leaves it open. */
export function positionedSource(seekable: SeekableSource): SkippableSource {
  let position = 0;
  const source: SkippableSource = {
    name: seekable.name,
    size: seekable.size,
    async read(target, signal) {
      const count = await seekable.readAt(position, target, signal);
      position += count;
      return count;
    },
    skip(length) {
      position += length;
    },
    close: () => Promise.resolve(),
  };
  if (seekable.lendAt === undefined) return source;
  return {
    ...source,
    lend(length) {
      const lent = seekable.lendAt!(position, length);
      position += lent.length;
      return lent;
    },
  };
}
