import { constants, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/format/bytes.ts';
import { u8, u16, u32, u64 } from '../../src/format/little-endian.ts';
import { maxZstdWindowBytes, zstdFrameFault } from '../../src/format/zstd-frame.ts';
import { randomLooking } from '../support/content.ts';

const magic = u32(0xfd2fb528);

/** Block header: last, type (0 raw, 1 RLE, 2 compressed, 3 reserved), size. */
function block(last: boolean, type: number, size: number, body: Uint8Array = new Uint8Array(size)): Uint8Array {
  const header = (last ? 1 : 0) | (type << 1) | (size << 3);
  return concatBytes(u8(header), u16(header >>> 8), body);
}

interface FrameParts {
  readonly flags?: number;
  readonly window?: number;
  readonly size?: Uint8Array;
  readonly blocks?: Uint8Array;
  readonly after?: Uint8Array;
}

/** A frame with a content size of four bytes, its window given apart. */
function frame({ flags = 0x80, window = 0, size = u32(3), blocks = block(true, 0, 3), after }: FrameParts): Uint8Array {
  const windowByte = (flags & 0x20) === 0 ? u8(window) : new Uint8Array(0);
  return concatBytes(magic, u8(flags), windowByte, size, blocks, after ?? new Uint8Array(0));
}

describe('a compressed payload (§3.10)', () => {
  it.each([1, 100, 255, 256, 257, 65_535, 65_536, 66_000, 3_000_000])(
    'of %i bytes passes as zlib makes it',
    (length) => {
      const content = randomLooking(length, 'zstd');
      for (const checksumFlag of [0, 1]) {
        const options = {
          pledgedSrcSize: length,
          params: { [constants.ZSTD_c_contentSizeFlag]: 1, [constants.ZSTD_c_checksumFlag]: checksumFlag },
        };
        for (const bytes of [content, new Uint8Array(length)]) {
          const payload = zstdCompressSync(bytes, options);
          expect(zstdFrameFault(payload, length)).toBeUndefined();
          expect(zstdFrameFault(payload, length + 1)).toContain('content size');
          expect(zstdFrameFault(concatBytes(payload, u8(0)), length)).toContain('exactly one');
          for (const cut of [1, 2, 3, 4, 5, payload.length - 5]) {
            expect(zstdFrameFault(payload.subarray(0, Math.max(0, payload.length - cut)), length)).toBeDefined();
          }
        }
      }
    },
  );

  it('is a zstd frame', () => {
    expect(zstdFrameFault(new Uint8Array(0), 0)).toContain('not a zstd frame');
    expect(zstdFrameFault(magic, 0)).toContain('not a zstd frame');
    expect(zstdFrameFault(new Uint8Array(40), 3)).toContain('not a zstd frame');
    // A skippable frame is none that has content.
    expect(zstdFrameFault(concatBytes(u32(0x184d2a50), u32(0), frame({})), 3)).toContain('not a zstd frame');
  });

  it('says its content size, in each of the ways there are', () => {
    expect(zstdFrameFault(frame({}), 3)).toBeUndefined();
    expect(zstdFrameFault(frame({ flags: 0xc0, size: u64(3n) }), 3)).toBeUndefined();
    expect(zstdFrameFault(frame({ flags: 0x20, size: u8(3) }), 3)).toBeUndefined();
    expect(
      zstdFrameFault(frame({ flags: 0x40, size: u16(0), blocks: block(true, 1, 256, u8(7)) }), 256),
    ).toBeUndefined();
    expect(zstdFrameFault(frame({ flags: 0x00, size: new Uint8Array(0) }), 3)).toContain('does not say');
    expect(zstdFrameFault(frame({ flags: 0xc0, size: u64(2n ** 63n + 3n) }), 3)).toContain('content size');
    expect(zstdFrameFault(frame({ size: u32(4) }), 3)).toContain('content size');
    expect(zstdFrameFault(concatBytes(magic, u8(0xc0), u8(0), u32(3)), 3)).toContain('ends inside its header');
  });

  it('asks for no dictionary and sets no reserved bit', () => {
    for (const flags of [1, 2, 3]) expect(zstdFrameFault(frame({ flags: 0x80 | flags }), 3)).toContain('dictionary');
    expect(zstdFrameFault(frame({ flags: 0x88 }), 3)).toContain('reserved');
  });

  it('has a window of 8 MiB at most', () => {
    const windowOf = (exponent: number, mantissa: number) => (exponent << 3) | mantissa;
    expect(zstdFrameFault(frame({ window: windowOf(13, 0) }), 3)).toBeUndefined();
    expect(zstdFrameFault(frame({ window: windowOf(12, 7) }), 3)).toBeUndefined();
    expect(zstdFrameFault(frame({ window: windowOf(13, 1) }), 3)).toContain('window');
    expect(zstdFrameFault(frame({ window: windowOf(31, 7) }), 3)).toContain('window');
    // Of a single segment, the window is the content.
    const blocks = concatBytes(...Array.from({ length: 64 }, (_, i) => block(i === 63, 1, 128 * 1024, u8(1))));
    const single = (size: number) => frame({ flags: 0xa0, size: u32(size), blocks });
    expect(zstdFrameFault(single(maxZstdWindowBytes), maxZstdWindowBytes)).toBeUndefined();
    expect(zstdFrameFault(single(maxZstdWindowBytes + 1), maxZstdWindowBytes + 1)).toContain('window');
  });

  it('is one frame of whole blocks, with nothing behind it', () => {
    const two = concatBytes(block(false, 0, 1), block(true, 0, 2));
    expect(zstdFrameFault(frame({ blocks: two }), 3)).toBeUndefined();
    expect(zstdFrameFault(frame({ blocks: block(false, 0, 3) }), 3)).toContain('ends inside a block');
    expect(zstdFrameFault(frame({ blocks: block(true, 0, 4, new Uint8Array(3)) }), 3)).toContain('ends inside a block');
    expect(zstdFrameFault(frame({ blocks: new Uint8Array(2) }), 3)).toContain('ends inside a block');
    expect(zstdFrameFault(frame({ blocks: block(true, 3, 3) }), 3)).toContain('no frame may have');
    expect(zstdFrameFault(frame({ blocks: block(true, 1, 128 * 1024 + 1, u8(0)) }), 3)).toContain('no frame may have');
    expect(zstdFrameFault(frame({ after: u8(0) }), 3)).toContain('exactly one');
    expect(zstdFrameFault(concatBytes(frame({}), frame({})), 3)).toContain('exactly one');
    expect(zstdFrameFault(frame({ flags: 0x84, after: u32(1) }), 3)).toBeUndefined();
    expect(zstdFrameFault(frame({ flags: 0x84 }), 3)).toContain('exactly one');
  });
});
