import type { SeekableSource } from '../../src/sources/source.ts';

/** A seekable source that counts what is read of it. */
export interface CountingSource extends SeekableSource {
  readonly reads: number;
  readonly bytesRead: number;
  /** Every read, in the order in which they began. */
  readonly ranges: readonly { readonly position: number; readonly length: number }[];
}

export function countReads(source: SeekableSource): CountingSource {
  const ranges: { position: number; length: number }[] = [];
  let bytesRead = 0;
  return {
    name: source.name,
    size: source.size,
    ranges,
    get reads() {
      return ranges.length;
    },
    get bytesRead() {
      return bytesRead;
    },
    async readAt(position, target, signal) {
      ranges.push({ position, length: target.length });
      const count = await source.readAt(position, target, signal);
      bytesRead += count;
      return count;
    },
    close: () => source.close(),
  };
}
