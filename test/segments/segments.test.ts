import { crc32 } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { FreshSalts } from '../../src/crypto/fresh-salts.ts';
import { SealpartError } from '../../src/errors.ts';
import { parseSegmentHeader, totalLengthOf } from '../../src/format/segment-header.ts';
import { compressContent, decompressPayload } from '../../src/segments/compress-segment.ts';
import { decryptSmallSegment } from '../../src/segments/decrypt-small-segment.ts';
import { type EncryptSegmentRequest, encryptSegment } from '../../src/segments/encrypt-segment.ts';
import { encryptSmallSegment } from '../../src/segments/encrypt-small-segment.ts';
import type { FramePool } from '../../src/workers/frame-pool.ts';
import { randomLooking, seededEntropy } from '../support/content.ts';
import { failureOf } from '../support/refusal.ts';
import { calm, inlinePool, parametersOf, sealedHeader } from '../support/streams.ts';
import { watchPool } from '../support/watched-pool.ts';

const pool = inlinePool(2 ** 20);
afterAll(() => pool.close());
const stream = sealedHeader(parametersOf(), 'segments');
const content = randomLooking(10_000, 'segment');

async function requestOf(through: FramePool, salts = new FreshSalts()): Promise<EncryptSegmentRequest> {
  const plain = await pool.plain.lease(content.length, calm);
  plain.bytes.set(content);
  const wire = await pool.wire.lease(totalLengthOf(content.length, 12), calm);
  wire.bytes.fill(0xee);
  plain.release();
  wire.release();
  const facts = {
    segmentIndex: 5,
    flags: 0,
    digestAlg: 2,
    compression: 0,
    contentLength: content.length,
    payloadLength: content.length,
  } as const;
  return { pool: through, stream, facts, payload: { offset: plain.offset, length: content.length }, wire, salts };
}

async function opened(bytes: Uint8Array): Promise<Uint8Array> {
  const header = parseSegmentHeader(bytes, 5);
  const readFrames = async (offset: number, target: Uint8Array): Promise<void> =>
    target.set(bytes.subarray(64 + offset, 64 + offset + target.length));
  return (await decryptSmallSegment(stream, header, readFrames, calm)).content;
}

describe('a segment', () => {
  it('is encrypted whole, with the CRC-32 of all of it', async () => {
    const segment = await encryptSegment(await requestOf(pool), calm);
    expect(segment.attempts).toBe(1);
    expect(segment.crc32).toBe(crc32(segment.bytes));
    expect(segment.streamDigest).toBeUndefined();
    expect(Buffer.compare(await opened(segment.bytes), content)).toBe(0);
  });

  it('of which an attempt failed is encrypted again under another salt, into memory that was cleared (§9.8)', async () => {
    const salts: string[] = [];
    const entropy = seededEntropy('attempts');
    const noted = new FreshSalts((length) => {
      const salt = entropy(length);
      salts.push(Buffer.from(salt).toString('hex'));
      return salt;
    });
    const failing = watchPool(pool, {
      batch: async (batch, run, number) => {
        const wire = new Uint8Array(pool.wire.buffer, batch.wire.offset - 64, 64);
        if (number > 0) expect(wire.every((byte) => byte === 0)).toBe(true);
        await run();
        if (number < 2) throw new SealpartError('worker', 'A thread died.');
        return run();
      },
    });
    const segment = await encryptSegment(await requestOf(failing, noted), calm);
    expect(segment.attempts).toBe(3);
    expect(new Set(salts).size).toBe(3);
    expect(Buffer.from(segment.facts.salt).toString('hex')).toBe(salts[2]);
    expect(Buffer.compare(await opened(segment.bytes), content)).toBe(0);
  });

  it('that cannot be encrypted leaves nothing in its memory', async () => {
    for (const [error, attempts] of [
      [new SealpartError('worker', 'A thread died.'), 3],
      [new TypeError('a bug'), 1],
    ] as const) {
      let tries = 0;
      const failing = watchPool(pool, {
        batch: async (_, run) => {
          tries++;
          await run();
          throw error;
        },
      });
      const request = await requestOf(failing);
      await expect(encryptSegment(request, calm)).rejects.toBe(error);
      expect(tries).toBe(attempts);
      expect(request.wire.bytes.every((byte) => byte === 0)).toBe(true);
    }
  });

  it('is not encrypted again once the run was cancelled', async () => {
    const stop = new AbortController();
    let tries = 0;
    const failing = watchPool(pool, {
      batch: async () => {
        tries++;
        stop.abort();
        throw new SealpartError('worker', 'A thread died.');
      },
    });
    expect((await failureOf(encryptSegment(await requestOf(failing), stop.signal))).code).toBe('aborted');
    expect(tries).toBe(1);
  });

  it.each([0, 1, 64, 4096, 4097])('of %i bytes can be encrypted on the spot', async (length) => {
    const bytes = content.subarray(0, length);
    const facts = { segmentIndex: 5, flags: 0 };
    const segment = encryptSmallSegment(stream, facts, bytes, new FreshSalts());
    if (length > 0) expect(Buffer.compare(await opened(segment.bytes), bytes)).toBe(0);
    expect(segment.bytes).toHaveLength(totalLengthOf(length, 12));
  });
});

describe('content of a segment', () => {
  it('is compressed where something is gained, and comes back (§3.12)', async () => {
    const lease = await pool.plain.lease(40_000, calm);
    const plain = new Uint8Array(pool.plain.buffer);
    plain.fill(7, lease.offset, lease.offset + 20_000);
    const to = { offset: lease.offset + 20_032, length: 19_000 };
    const length = await compressContent(pool, { offset: lease.offset, length: 20_000 }, to);
    expect(length).toBeLessThan(100);
    plain.fill(0, lease.offset, lease.offset + 20_000);
    const back = { offset: lease.offset, length: 20_000 };
    await decompressPayload(pool, 3, { offset: to.offset, length: length! }, back);
    expect(plain.subarray(lease.offset, lease.offset + 20_000).every((byte) => byte === 7)).toBe(true);
    // Nothing is gained by bytes that look random, nor where there is no room.
    plain.set(randomLooking(20_000, 'dense'), lease.offset);
    expect(await compressContent(pool, { offset: lease.offset, length: 20_000 }, to)).toBeUndefined();
    plain.fill(7, lease.offset, lease.offset + 20_000);
    const narrow = { offset: to.offset, length: 4 };
    expect(await compressContent(pool, { offset: lease.offset, length: 20_000 }, narrow)).toBeUndefined();
    const shared = new SharedArrayBuffer(20_000);
    const lent = { offset: 0, length: 20_000, lent: shared };
    expect(await compressContent(pool, lent, to)).toBeLessThan(100);
    lease.release();
  });

  it('that does not unfold to what was said is refused by its segment (§3.11)', async () => {
    const lease = await pool.plain.lease(40_000, calm);
    const plain = new Uint8Array(pool.plain.buffer);
    plain.fill(7, lease.offset, lease.offset + 20_000);
    const to = { offset: lease.offset + 20_032, length: 19_000 };
    const length = (await compressContent(pool, { offset: lease.offset, length: 20_000 }, to))!;
    const payload = { offset: to.offset, length };
    for (const said of [19_999, 20_001, 0]) {
      const failure = await failureOf(decompressPayload(pool, 3, payload, { offset: lease.offset, length: said }));
      expect(failure).toMatchObject({ code: 'bad-payload', segment: 3 });
    }
    // Well-formed on the outside, nonsense within.
    plain[to.offset + length - 2]! ^= 0xff;
    plain[to.offset + length - 3]! ^= 0x55;
    const broken = await failureOf(decompressPayload(pool, 3, payload, { offset: lease.offset, length: 20_000 }));
    expect(broken.code).toBe('bad-payload');
    lease.release();
  });
});
