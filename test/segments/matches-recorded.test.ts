import { createSecretKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { FreshSalts } from '../../src/crypto/fresh-salts.ts';
import { StreamKeys } from '../../src/crypto/key-schedule.ts';
import { totalLengthOf } from '../../src/format/segment-header.ts';
import { encryptSegment } from '../../src/segments/encrypt-segment.ts';
import { matchesRecorded } from '../../src/segments/matches-recorded.ts';
import { createFramePool } from '../../src/workers/frame-pool.ts';

const signal = new AbortController().signal;
const length = 10_000;
const parameters = {
  suite: 1,
  digestAlg: 2,
  layout: 0,
  frameSizeLog2: 12,
  segmentSizeLog2: 14,
  segmentSizeMaxLog2: 14,
  compression: 0,
  growEvery: 0,
  headerLen: 512,
} as const;

async function recordedSegment() {
  const keys = new StreamKeys(createSecretKey(new Uint8Array(32).fill(1)), new Uint8Array(32).fill(2));
  const stream = { parameters, keys, coreHash: new Uint8Array(32).fill(3) };
  const pool = createFramePool({ workers: 0, plainBytes: length, wireBytes: 2 * totalLengthOf(length, 12) });
  const plain = await pool.plain.lease(length, signal);
  plain.bytes.fill(7);
  const payload = { offset: plain.offset, length };
  const wire = await pool.wire.lease(totalLengthOf(length, 12), signal);
  const facts = {
    segmentIndex: 4,
    flags: 0,
    digestAlg: 2,
    compression: 0,
    contentLength: length,
    payloadLength: length,
  } as const;
  const recorded = await encryptSegment({ pool, stream, facts, payload, wire, salts: new FreshSalts() }, signal);
  wire.release();
  return { pool, stream, plain, payload, recorded };
}

describe('content against the record of a segment (§9.6)', () => {
  it('matches while it is the same, and leaves no frame behind', async () => {
    const { pool, stream, payload, recorded } = await recordedSegment();
    new Uint8Array(pool.wire.buffer).fill(0xff);
    expect(await matchesRecorded(pool, stream, payload, recorded, signal)).toBe(true);
    expect(pool.wire.usedBytes).toBe(0);
    const bytes = new Uint8Array(pool.wire.buffer).subarray(0, totalLengthOf(length, 12));
    expect(bytes.every((byte) => byte === 0)).toBe(true);
  });

  it.each([0, 4095, 4096, length - 1])('does not when byte %i changed', async (at) => {
    const { pool, stream, plain, payload, recorded } = await recordedSegment();
    plain.bytes[at]! ^= 1;
    expect(await matchesRecorded(pool, stream, payload, recorded, signal)).toBe(false);
  });

  it('does not when its length changed', async () => {
    const { pool, stream, payload, recorded } = await recordedSegment();
    const shorter = { ...payload, length: length - 1 };
    expect(await matchesRecorded(pool, stream, shorter, recorded, signal)).toBe(false);
  });
});
