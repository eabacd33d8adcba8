import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { zstdFrameFault } from '../../src/format/zstd-frame.ts';
import type { CompressionResult, CompressionTask } from '../../src/workers/messages.ts';
import { runCompression } from '../../src/workers/run-compression.ts';
import { randomLooking } from '../support/content.ts';
import { moduleUrl, runScript } from '../support/run-script.ts';

const mib = 2 ** 20;
/** Of each kind there is content that is done at once, and content that goes through in pieces. */
const sizes = [1, 1000, mib, mib + 1, 3 * mib, 3 * mib + 12_345, 5 * mib - 512];

/** Half of it can be compressed. */
function mixed(length: number): Uint8Array {
  const content = new Uint8Array(length);
  for (let offset = 0; offset < length; offset += 100_000) {
    content.set(randomLooking(Math.min(50_000, length - offset), offset), offset);
  }
  return content;
}

/** A task on memory of its own: `from` stands at 64, `to` behind it, and nothing else is touched. */
async function run(
  operation: CompressionTask['operation'],
  input: Uint8Array,
  room: number,
): Promise<{ result: CompressionResult; bytes: Uint8Array }> {
  const guard = 64;
  const plain = new SharedArrayBuffer(guard + input.length + guard + room + guard);
  const all = new Uint8Array(plain).fill(0xa5);
  all.set(input, guard);
  const from = { offset: guard, length: input.length };
  const to = { offset: guard + input.length + guard, length: room };
  const result = await runCompression({ operation, from, to }, { plain, wire: new SharedArrayBuffer(0) });
  expect(Buffer.compare(all.subarray(guard, guard + input.length), input)).toBe(0);
  for (const start of [0, to.offset - guard, to.offset + room]) {
    expect(all.subarray(start, start + guard).every((byte) => byte === 0xa5)).toBe(true);
  }
  const length = 'fault' in result ? 0 : result.length;
  return { result, bytes: all.slice(to.offset, to.offset + length) };
}

describe('compression', () => {
  it.each(sizes)('of %i bytes gives one frame that anyone can read, the same each time', async (size) => {
    for (const content of [new Uint8Array(size), mixed(size)]) {
      const { result, bytes } = await run('compress', content, size);
      if ('fault' in result) {
        expect(size).toBeLessThan(100_000);
        continue;
      }
      expect(zstdFrameFault(bytes, size)).toBeUndefined();
      expect(Buffer.compare(zstdDecompressSync(bytes), content)).toBe(0);
      expect(Buffer.compare((await run('compress', content, size)).bytes, bytes)).toBe(0);
      const back = await run('decompress', bytes, size);
      expect(back.result).toEqual({ length: size });
      expect(Buffer.compare(back.bytes, content)).toBe(0);
    }
  });

  it('that gains nothing, or has no room, says so', async () => {
    for (const size of [1000, 3 * mib]) {
      expect((await run('compress', randomLooking(size, 'random'), 2 * size)).result).toHaveProperty('fault');
      expect((await run('compress', mixed(size), Math.floor(size / 20))).result).toHaveProperty('fault');
    }
  });

  it('is undone with the frames of other writers', async () => {
    const content = mixed(3 * mib);
    for (const params of [
      { [constants.ZSTD_c_compressionLevel]: 1 },
      { [constants.ZSTD_c_compressionLevel]: 9, [constants.ZSTD_c_checksumFlag]: 1 },
    ]) {
      const payload = zstdCompressSync(content, { pledgedSrcSize: content.length, params });
      expect(Buffer.compare((await run('decompress', payload, content.length)).bytes, content)).toBe(0);
    }
  });

  it.each([1000, 3 * mib])('of %i bytes that does not decode, or to another length, is refused', async (size) => {
    const content = mixed(size);
    const params = { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 };
    const payload = zstdCompressSync(size === 1000 ? new Uint8Array(size) : content, { pledgedSrcSize: size, params });
    const flipped = payload.slice();
    flipped[flipped.length - 1]! ^= 1;
    expect((await run('decompress', flipped, size)).result).toHaveProperty('fault');
    expect((await run('decompress', payload.subarray(0, -1), size)).result).toHaveProperty('fault');
    expect((await run('decompress', payload, size - 1)).result).toHaveProperty('fault');
    expect((await run('decompress', payload, size + 1)).result).toHaveProperty('fault');
  });

  it('stops at content_len, whatever a payload unfolds to (§3.11)', async () => {
    // 65,536 blocks that unfold to 128 KiB each, behind a header that speaks of 2 MiB.
    const claimed = 2 * mib;
    const blocks = 65_536;
    const payload = new Uint8Array(10 + 4 * blocks);
    payload.set([0x28, 0xb5, 0x2f, 0xfd, 0x80, 0x68]);
    new DataView(payload.buffer).setUint32(6, claimed, true);
    const block = (128 * 1024 * 8) | (1 << 1);
    for (let i = 0; i < blocks; i++) {
      const header = i === blocks - 1 ? block | 1 : block;
      payload.set([header & 0xff, (header >> 8) & 0xff, header >> 16, 0x77], 10 + 4 * i);
    }
    expect(zstdFrameFault(payload, claimed)).toBeUndefined();
    const started = performance.now();
    expect((await run('decompress', payload, claimed)).result).toHaveProperty('fault');
    // All of it would be 8 GiB.
    expect(performance.now() - started).toBeLessThan(3000);
  });

  it('takes little memory beside what it is given, however large that is', async () => {
    const size = 96 * mib;
    const script = `
      const { runCompression } = await import(${moduleUrl('src/workers/run-compression.ts')});
      const { randomFillSync } = await import('node:crypto');
      const size = ${size};
      const memory = { plain: new SharedArrayBuffer(3 * size), wire: new SharedArrayBuffer(0) };
      const all = new Uint8Array(memory.plain).fill(7);
      for (let offset = 0; offset < size; offset += 100_000) randomFillSync(all, offset, 30_000);
      const peak = () => process.resourceUsage().maxRSS / 1024;
      const before = peak();
      const from = { offset: 0, length: size };
      const payload = await runCompression({ operation: 'compress', from, to: { offset: size, length: size } }, memory);
      const compressed = { offset: size, length: payload.length };
      const to = { offset: 2 * size, length: size };
      const content = await runCompression({ operation: 'decompress', from: compressed, to }, memory);
      const same = Buffer.compare(all.subarray(0, size), all.subarray(2 * size)) === 0;
      console.log(JSON.stringify({ payload: payload.length, content: content.length, same, grown: peak() - before }));
    `;
    const { stdout, stderr } = await runScript(script);
    expect(stderr).toBe('');
    const measured = JSON.parse(stdout.toString());
    expect(measured).toMatchObject({ content: size, same: true });
    expect(measured.payload).toBeGreaterThan(size / 4);
    // MiB: the window and the tables of zstd, and buffers that nobody has collected yet. Half of it when it is quiet.
    expect(measured.grown).toBeLessThan(100);
  });

  it('is done one at a time, also after one that failed', async () => {
    const content = mixed(3 * mib);
    const results = await Promise.all([
      run('compress', content, content.length),
      run('decompress', content, content.length),
      run('compress', content, content.length),
    ]);
    expect(results.map(({ result }) => 'fault' in result)).toEqual([false, true, false]);
    expect(Buffer.compare(results[0].bytes, results[2].bytes)).toBe(0);
  });
});
