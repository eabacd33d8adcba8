import type { SeekableSource } from '../../src/sources/source.ts';

/** Bytes at the two ends of something huge, and zeros between them. */
export function sparseSource(start: Uint8Array, size: number, end: Uint8Array): SeekableSource {
  const pieces = [
    { from: 0, bytes: start },
    { from: size - end.length, bytes: end },
  ];
  return {
    name: 'something huge',
    size,
    async readAt(position, target) {
      const length = Math.max(0, Math.min(target.length, size - position));
      target.fill(0, 0, length);
      for (const { from, bytes } of pieces) {
        const first = Math.max(position, from);
        const behind = Math.min(position + length, from + bytes.length);
        if (first < behind) target.set(bytes.subarray(first - from, behind - from), first - position);
      }
      return length;
    },
    close: () => Promise.resolve(),
  };
}
