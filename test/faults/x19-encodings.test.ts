import { afterAll, describe, expect, it } from 'vitest';
import { encodeDigestPayload } from '../../src/crypto/segment-digest.ts';
import { concatBytes } from '../../src/format/bytes.ts';
import { frameTypes } from '../../src/format/frame-header.ts';
import { writeU32 } from '../../src/format/little-endian.ts';
import { decryptStream } from '../../src/pipelines/decrypt-stream.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import { randomLooking } from '../support/content.ts';
import { noteFault } from '../support/fault-log.ts';
import { forgeSegment } from '../support/forge.ts';
import { access, calm, inlinePool, makeScheduled, parametersOf, sealedHeader } from '../support/streams.ts';
import { WatchedSink } from '../support/watched-sink.ts';
import { expectRefused } from './refused.ts';

// X19: other ways to write the same content, authentic in every frame. There is one way (§2.2, §2.3, §3.7, §4.3).

const pool = inlinePool(2 ** 21);
afterAll(() => pool.close());

const stream = sealedHeader(parametersOf(), 'x19');
const header = stream.header.bytes;
const first = 16_384 - 512;
const content = randomLooking(20_000, 'x19');
const final = 1;

function cut(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  let offset = 0;
  return lengths.map((length) => {
    offset += length;
    return bytes.subarray(offset - length, offset);
  });
}

async function refusal(...segments: readonly Uint8Array[]): Promise<string> {
  const bytes = concatBytes(header, ...segments);
  const codes = [
    await expectRefused(bytes, content, content.length - 1, 'tentative', pool),
    await expectRefused(bytes, content, content.length - 1, 'held', pool),
  ];
  expect(codes[0]).toBe(codes[1]);
  const injected = 'another encoding of the same content, authentic';
  noteFault({ id: 'X19', injected, reached: 1, outcome: `refused as ${codes[0]}` });
  return codes[0]!;
}

describe('X19: encodings that are not the one', () => {
  const full = () =>
    forgeSegment(stream, {
      facts: { segmentIndex: 0, flags: 0, contentLength: first },
      data: cut(content, [4096, 4096, 4096, first - 3 * 4096]),
    });
  const rest = content.subarray(first);

  it('the forger makes what a writer makes, where it is asked for that', async () => {
    const [a, b] = [
      full(),
      forgeSegment(stream, {
        facts: { segmentIndex: 1, flags: final, contentLength: rest.length },
        data: cut(rest, [4096, rest.length - 4096]),
        digestsBefore: [full().digest],
      }),
    ];
    const sink = new WatchedSink();
    await decryptStream({ input: createMemorySource(concatBytes(header, a.bytes, b.bytes)), sink, access, pool }, calm);
    expect(Buffer.compare(sink.given(), content)).toBe(0);
    const made = await makeScheduled(content);
    expect([a.bytes.length, b.bytes.length]).toEqual(made.segments.map(({ length }) => length));
  });

  it('an empty last segment behind a full one', async () => {
    const a = full();
    const empty = forgeSegment(stream, {
      facts: { segmentIndex: 1, flags: final, contentLength: 0 },
      data: [],
      digestsBefore: [a.digest],
    });
    expect(await refusal(a.bytes, empty.bytes)).toBe('bad-segment');
  });

  it('an empty last frame', async () => {
    const few = content.subarray(0, 4096);
    const segment = forgeSegment(stream, {
      facts: { segmentIndex: 0, flags: final, contentLength: 4096 },
      data: [few, new Uint8Array(0)],
    });
    expect(await refusal(segment.bytes)).toBe('bad-segment');
    const owned = forgeSegment(stream, {
      facts: { segmentIndex: 0, flags: final, contentLength: 4096 },
      data: [few, new Uint8Array(0)],
      edit: (bytes) => {
        writeU32(bytes, 12, 2);
        writeU32(bytes, 44, 4096 + 4 * 36 + 68);
      },
    });
    expect(await refusal(owned.bytes)).toBe('bad-segment');
  });

  it('an empty frame of an empty stream', async () => {
    const segment = forgeSegment(stream, {
      facts: { segmentIndex: 0, flags: final, contentLength: 0 },
      data: [new Uint8Array(0)],
    });
    expect(await refusal(segment.bytes)).toBe('bad-segment');
  });

  it('frames of other lengths than the schedule’s, of the same number', async () => {
    const some = content.subarray(0, 5000);
    for (const lengths of [
      [4095, 905],
      [904, 4096],
      [2500, 2500],
      [1, 4999],
      [4097, 903],
    ]) {
      const segment = forgeSegment(stream, {
        facts: { segmentIndex: 0, flags: final, contentLength: 5000 },
        data: cut(some, lengths),
      });
      expect(await refusal(segment.bytes), String(lengths)).toBe('bad-frame');
    }
  });

  it('more and smaller frames, or fewer and larger ones', async () => {
    for (const lengths of [[2500, 2500, 2500], [7500]]) {
      const segment = forgeSegment(stream, {
        facts: { segmentIndex: 0, flags: final, contentLength: 7500 },
        data: cut(content, lengths),
      });
      expect(await refusal(segment.bytes)).toBe('bad-segment');
    }
  });

  it('a segment that is not the last one and not full', async () => {
    const short = forgeSegment(stream, {
      facts: { segmentIndex: 0, flags: 0, contentLength: 4096 },
      data: [content.subarray(0, 4096)],
    });
    const next = forgeSegment(stream, {
      facts: { segmentIndex: 1, flags: final, contentLength: 4096 },
      data: [content.subarray(4096, 8192)],
      digestsBefore: [short.digest],
    });
    expect(await refusal(short.bytes, next.bytes)).toBe('bad-segment');
  });

  it('a digest frame that says something more, or a terminator that says anything', async () => {
    const few = content.subarray(0, 100);
    const facts = { segmentIndex: 0, flags: final, contentLength: 100 };
    const { digest } = forgeSegment(stream, { facts, data: [few] });
    const payload = encodeDigestPayload(2, digest, new Uint8Array(32));
    const terminator = { type: frameTypes.terminator, plaintext: new Uint8Array(0) };
    const longer = forgeSegment(stream, {
      facts,
      data: [few],
      tail: [{ type: frameTypes.digest, plaintext: concatBytes(payload, Uint8Array.of(0)) }, terminator],
    });
    expect(await refusal(longer.bytes)).toBe('bad-segment');
    for (const place of [1, 2, 3]) {
      const padded = forgeSegment(stream, {
        facts,
        data: [few],
        tail: [{ type: frameTypes.digest, plaintext: payload.with(place, 1) }, terminator],
      });
      expect(await refusal(padded.bytes)).toBe('digest-mismatch');
    }
    const speaking = forgeSegment(stream, {
      facts,
      data: [few],
      tail: [
        { type: frameTypes.digest, plaintext: payload },
        { type: frameTypes.terminator, plaintext: Uint8Array.of(0) },
      ],
    });
    expect(await refusal(speaking.bytes)).toBe('bad-segment');
    expect(
      await refusal(
        forgeSegment(stream, {
          facts,
          data: [few],
          tail: [{ type: frameTypes.digest, plaintext: payload }, terminator],
        }).bytes,
      ),
    ).toBe('stream-digest-mismatch');
  });

  it('a stream digest in a segment that is not the last one (§5.4)', async () => {
    const facts = { segmentIndex: 0, flags: 0, contentLength: first };
    const data = cut(content, [4096, 4096, 4096, first - 3 * 4096]);
    const { digest } = forgeSegment(stream, { facts, data });
    const segment = forgeSegment(stream, {
      facts,
      data,
      tail: [
        { type: frameTypes.digest, plaintext: encodeDigestPayload(2, digest, randomLooking(32, 'digest')) },
        { type: frameTypes.terminator, plaintext: new Uint8Array(0) },
      ],
    });
    expect(await refusal(segment.bytes)).toBe('digest-mismatch');
  });
});
