import { afterAll, describe, expect, it } from 'vitest';
import { encodeDigestPayload } from '../../src/crypto/segment-digest.ts';
import { concatBytes } from '../../src/format/bytes.ts';
import { frameTypes } from '../../src/format/frame-header.ts';
import { parseSegmentHeader } from '../../src/format/segment-header.ts';
import { listLeftovers } from '../../src/sinks/temporary-name.ts';
import { noteFault } from '../support/fault-log.ts';
import { forgeSegment } from '../support/forge.ts';
import { failureOf } from '../support/refusal.ts';
import { inlinePool, type MadeStream } from '../support/streams.ts';
import { decryptTo, fiveSegments, oldContent, outputPath, standingAt } from './output-file.ts';

// K04: the digest of segment k is wrong, behind k good segments and behind frames of its own that all verify.

const pool = inlinePool();
afterAll(() => pool.close());

interface Cut {
  readonly start: number;
  readonly length: number;
}

/** Where the content of each segment lies. */
function contentOf(made: MadeStream): Cut[] {
  let start = 0;
  return made.segments.map((segment) => {
    const { contentLength: length } = parseSegmentHeader(segment, 0);
    const cut = { start, length };
    start += length;
    return cut;
  });
}

/** The stream with a digest in segment `k` that is authentic and wrong. */
function withWrongDigest(made: MadeStream, k: number): Uint8Array {
  const { start, length } = contentOf(made)[k]!;
  const content = made.content.subarray(start, start + length);
  const { frameSizeLog2, digestAlg } = made.sealed.parameters;
  const frameSize = 2 ** frameSizeLog2;
  const data = Array.from({ length: Math.ceil(length / frameSize) }, (_, i) =>
    content.subarray(i * frameSize, (i + 1) * frameSize),
  );
  const isFinal = k === made.segments.length - 1;
  const wrong = encodeDigestPayload(digestAlg, new Uint8Array(32).fill(7), isFinal ? made.streamDigest : undefined);
  const tail = [
    { type: frameTypes.digest, plaintext: wrong },
    { type: frameTypes.terminator, plaintext: new Uint8Array(0) },
  ];
  const facts = { segmentIndex: k, flags: isFinal ? 1 : 0, contentLength: length };
  const forged = forgeSegment(made.sealed, { facts, data, tail });
  return concatBytes(made.header, ...made.segments.with(k, forged.bytes));
}

describe('K04: a segment whose digest is wrong', () => {
  it.each([0, 1, 2, 3, 4])('segment %i: nothing of it all stays', async (k) => {
    const made = await fiveSegments();
    expect(made.segments).toHaveLength(5);
    for (const before of [oldContent, undefined]) {
      const path = await outputPath(before);
      const refusal = await failureOf(decryptTo(path, withWrongDigest(made, k), pool));
      expect(refusal).toMatchObject({ code: 'digest-mismatch', segment: k });
      expect(await standingAt(path)).toEqual(before);
      expect(await listLeftovers(path)).toEqual([]);
    }
    noteFault({ id: 'K04', injected: `a wrong digest in segment ${k}`, reached: 2, outcome: 'target untouched' });
  });

  it.each([0, 1, 2, 3, 4])('segment %i: the segments before it stay for who asked for them', async (k) => {
    const made = await fiveSegments();
    const path = await outputPath(oldContent);
    const run = decryptTo(path, withWrongDigest(made, k), pool, { keepVerifiedPrefix: true });
    expect(await failureOf(run)).toMatchObject({ code: 'digest-mismatch', segment: k });
    // Nothing is not better than what stood there before.
    expect(await standingAt(path)).toEqual(k === 0 ? oldContent : made.content.slice(0, contentOf(made)[k]!.start));
    expect(await listLeftovers(path)).toEqual([]);
    noteFault({ id: 'K04', injected: `the same, with the flag`, reached: 1, outcome: 'verified prefix kept' });
  });
});
