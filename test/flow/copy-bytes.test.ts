import { describe, expect, it } from 'vitest';
import { copyBytes } from '../../src/flow/copy-bytes.ts';

describe('copyBytes', () => {
  const memories = { shared: SharedArrayBuffer, ordinary: ArrayBuffer };
  for (const [from, From] of Object.entries(memories)) {
    for (const [to, To] of Object.entries(memories)) {
      it(`copies from ${from} to ${to} memory at any alignment, and nothing beside`, () => {
        for (const [start, at, length] of [
          [0, 0, 64],
          [3, 20, 37],
          [7, 1, 1],
          [5, 9, 0],
        ] as const) {
          const source = new Uint8Array(new From(80)).map((_, i) => i + 1).subarray(start, start + length);
          const target = new Uint8Array(new To(100), 4, 90);
          copyBytes(source, target, at);
          expect([...target]).toEqual(Array.from({ length: 90 }, (_, i) => source[i - at] ?? 0));
        }
      });
    }
  }

  it('does not cut off what has no room', () => {
    expect(() => copyBytes(new Uint8Array(5), new Uint8Array(8), 4)).toThrow('room');
  });
});
