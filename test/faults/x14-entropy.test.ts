import { afterAll, describe, expect, it } from 'vitest';
import { type DrawBytes, freshBytes } from '../../src/crypto/fresh-bytes.ts';
import { FreshSalts } from '../../src/crypto/fresh-salts.ts';
import { parseSegmentHeader } from '../../src/format/segment-header.ts';
import { encryptSegments, scheduledNumbering } from '../../src/pipelines/encrypt-segments.ts';
import { Telemetry } from '../../src/pipelines/telemetry.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import { randomLooking, seededEntropy } from '../support/content.ts';
import { noteFault } from '../support/fault-log.ts';
import { failureOf } from '../support/refusal.ts';
import { calm, inlinePool, parametersOf, sealedHeader } from '../support/streams.ts';

// X14: a source of randomness that is stuck, gives nothing, or fails. Nothing is sealed under a salt that served before.

const pool = inlinePool(2 ** 21);
afterAll(() => pool.close());

const broken: [string, DrawBytes][] = [
  ['gives zeros', (length) => new Uint8Array(length)],
  ['gives too few', (length) => randomLooking(length - 1, 'few')],
  ['gives nothing', () => new Uint8Array(0)],
  ['repeats itself', (length) => new Uint8Array(length).fill(7)],
  [
    'fails',
    () => {
      throw new Error('the device is gone');
    },
  ],
];

/** Good for so many draws. */
function failingAfter(draws: number, then: DrawBytes): DrawBytes {
  const good = seededEntropy('x14');
  let drawn = 0;
  return (length) => (drawn++ < draws ? good(length) : then(length));
}

describe('X14: salts (§9.2)', () => {
  it('differ, where the source of randomness works', () => {
    const salts = new FreshSalts();
    const drawn = new Set(Array.from({ length: 1000 }, () => Buffer.from(salts.next()).toString('hex')));
    expect(drawn.size).toBe(1000);
  });

  it.each(broken)('are not drawn from a source that %s', async (what, draw) => {
    const salts = new FreshSalts((length) => freshBytes(length, draw));
    expect((await failureOf(() => salts.next())).code).toBe('io');
    noteFault({ id: 'X14', injected: `randomness that ${what}`, reached: 1, outcome: 'nothing is sealed' });
  });

  it('are compared with the one before, whatever they are drawn from', async () => {
    const same = randomLooking(16, 'same');
    const salts = new FreshSalts(() => same.slice());
    expect(salts.next()).toEqual(same);
    expect((await failureOf(() => salts.next())).code).toBe('io');
    expect((await failureOf(() => new FreshSalts((length) => new Uint8Array(length)).next())).code).toBe('io');
  });

  it.each(broken)('end a run when their source %s in the middle of it', async (what, draw) => {
    let reached = 0;
    // Two draws try the source out.
    const failing = failingAfter(4, (length) => {
      reached++;
      return draw(length);
    });
    const salts = new FreshSalts((length) => freshBytes(length, failing));
    const parameters = parametersOf();
    const emitted = new Map<number, string>();
    const run = encryptSegments(
      {
        pool,
        salts,
        stream: sealedHeader(parameters, 'x14'),
        source: createMemorySource(randomLooking(80_000, 'x14')),
        segmentsInFlight: 2,
        telemetry: new Telemetry(),
        minPartBytes: 0,
        numbering: scheduledNumbering(parameters, Number.POSITIVE_INFINITY),
        emit: async ({ bytes }) => {
          const { segmentIndex, salt } = parseSegmentHeader(bytes, 0);
          emitted.set(segmentIndex, Buffer.from(salt).toString('hex'));
        },
      },
      calm,
    );
    expect((await failureOf(run)).code).toBe('io');
    // What was let go are the segments whose salts were good, and not the last one.
    expect(emitted.size).toBeLessThanOrEqual(3);
    expect(new Set(emitted.values()).size).toBe(emitted.size);
    expect([pool.plain.usedBytes, pool.wire.usedBytes]).toEqual([0, 0]);
    noteFault({ id: 'X14', injected: `randomness that ${what} in mid-run`, reached, outcome: 'the run ends' });
  });
});
