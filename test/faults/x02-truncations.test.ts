import { afterAll, describe, expect, it } from 'vitest';
import { SealpartError } from '../../src/errors.ts';
import { decryptRange } from '../../src/pipelines/decrypt-range.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import { randomLooking, sharedCopy } from '../support/content.ts';
import { noteFault } from '../support/fault-log.ts';
import { cutSource } from '../support/pieces.ts';
import { fc } from '../support/properties.ts';
import {
  access,
  calm,
  inlinePool,
  type MadeStream,
  makeIndexed,
  makeScheduled,
  parametersOf,
} from '../support/streams.ts';
import { WatchedSink } from '../support/watched-sink.ts';
import { expectRefused, mostReleased, piecesOf, type Release } from './refused.ts';

// X02: the stream ends at any byte.

const pool = inlinePool(2 ** 21);
afterAll(() => pool.close());

const releases: readonly Release[] = ['tentative', 'held'];
const fewBytes = randomLooking(40, 'x02');

function note(what: string, reached: number, outcome = 'refused'): void {
  noteFault({ id: 'X02', injected: `${what} cut short`, reached, outcome });
}

async function cutAt(made: MadeStream, length: number, release: Release, pipe: boolean): Promise<string> {
  const cut = made.bytes.subarray(0, length);
  const whole = length % 2 === 0 ? cut : sharedCopy(cut);
  const most = mostReleased(made, piecesOf(made), length, release);
  return expectRefused(pipe ? cutSource(cut, [100]) : whole, made.content, most, release, pool);
}

describe('X02: a stream that ends early', () => {
  it('at any byte, of layout 0: truncated, from a file and from a pipe', async () => {
    const made = await makeScheduled(fewBytes);
    let reached = 0;
    for (let length = 0; length < made.bytes.length; length++) {
      for (const release of releases) {
        for (const pipe of [false, true]) {
          expect(await cutAt(made, length, release, pipe), `${length} bytes`).toBe('truncated');
          reached++;
        }
      }
    }
    note('at every byte, a stream of layout 0', reached);
  });

  it('at any byte, of layout 1: it has no footer', async () => {
    const made = await makeIndexed(fewBytes, [
      { partNumber: 1, lengths: [30] },
      { partNumber: 3, lengths: [10] },
    ]);
    let reached = 0;
    for (let length = 0; length < made.bytes.length; length++) {
      for (const release of releases) {
        const code = await cutAt(made, length, release, false);
        expect(code, `${length} bytes`).toBe(length < 20 ? 'truncated' : 'bad-index');
        reached++;
      }
    }
    note('at every byte, a stream of layout 1', reached);
  });

  const content = randomLooking(100_000, 'x02 large');
  const large: readonly [string, Promise<MadeStream>][] = [
    ['layout 0', makeScheduled(content, parametersOf({ segmentSizeMaxLog2: 15, growEvery: 2 }))],
    [
      'layout 0, compressed',
      makeScheduled(
        content.map((byte) => byte & 3),
        parametersOf({ compression: 1 }),
      ),
    ],
    [
      'layout 1',
      makeIndexed(content, [{ partNumber: 7, lengths: [16_384, 16_384, 16_384, 16_384, 16_384, 16_384, 1_696] }]),
    ],
  ];

  it.each(large)('anywhere, if it is large (%s)', async (what, making) => {
    const made = await making;
    let reached = 0;
    const pieces = piecesOf(made);
    const cuts = fc.oneof(
      fc.nat(made.bytes.length - 1),
      // Where pieces end, and just beside it.
      fc
        .tuple(fc.nat(pieces.length - 1), fc.integer({ min: -2, max: 2 }))
        .map(([piece, beside]) => pieces[piece]!.start + beside),
    );
    await fc.assert(
      fc.asyncProperty(cuts, fc.constantFrom(...releases), fc.boolean(), async (cut, release, pipe) => {
        const length = Math.min(made.bytes.length - 1, Math.max(0, cut));
        const code = await cutAt(
          made,
          length,
          made.sealed.parameters.compression === 1 ? 'held' : release,
          pipe && made.tail.length === 0,
        );
        expect(code).toBe(made.tail.length === 0 || length < 20 ? 'truncated' : 'bad-index');
        reached++;
      }),
      { numRuns: 300 },
    );
    note(`anywhere, a large stream of ${what}`, reached);
  });

  it.each(large)('gives a reader of a part its bytes or a refusal (%s)', async (what, making) => {
    const made = await making;
    const cases = fc.record({
      length: fc.nat(made.bytes.length - 1),
      first: fc.nat(content.length - 1),
      count: fc.integer({ min: 1, max: 30_000 }),
      open: fc.boolean(),
    });
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(cases, async ({ length, first, count, open }) => {
        const last = Math.min(content.length - 1, first + count - 1);
        const sink = new WatchedSink();
        const input = createMemorySource(made.bytes.subarray(0, length));
        const range = open ? { first } : { first, last };
        try {
          await decryptRange({ input, sink, access, range, pool }, calm);
        } catch (error) {
          if (!(error instanceof SealpartError)) throw error;
          // That the content has no such bytes is nothing that a stream cut short could prove.
          expect(['truncated', 'bad-index', 'bad-segment', 'crc-mismatch', 'bad-magic']).toContain(error.code);
          refused++;
          return;
        }
        expect(open).toBe(false);
        expect(Buffer.compare(sink.given(), made.content.subarray(first, last + 1))).toBe(0);
      }),
      { numRuns: 300 },
    );
    expect(refused).toBeGreaterThan(200);
    note(`a stream of ${what}, for a reader of a part,`, refused, 'its bytes, or refused');
  });
});
