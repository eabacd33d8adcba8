import { createSecretKey } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { SealpartError } from '../../src/errors.ts';
import { concatBytes, equalBytes } from '../../src/format/bytes.ts';
import { keyFileIdentity } from '../../src/keys/key-file.ts';
import { type DecryptRequest, decryptStream } from '../../src/pipelines/decrypt-stream.ts';
import { createFileSink } from '../../src/sinks/file-sink.ts';
import { createMemorySource } from '../../src/sources/memory-source.ts';
import { oldContent, outputPath, standingAt } from '../faults/output-file.ts';
import { randomLooking, xorBit } from '../support/content.ts';
import { failureOf } from '../support/refusal.ts';
import { repairHeader } from '../support/repair.ts';
import { access, calm, inlinePool, makeIndexed, makeScheduled } from '../support/streams.ts';
import { WatchedSink } from '../support/watched-sink.ts';

const pool = inlinePool();
afterAll(() => pool.close());

const content = randomLooking(40_000, 'prefix');
const parts = [{ partNumber: 1, lengths: [16_384, 16_384, 7_232] }];
const otherDigest = randomLooking(32, 'other');

/** What a refusal is, and what stands afterwards where something else had stood. */
async function kept(stream: Uint8Array, options: Partial<DecryptRequest> = {}) {
  const path = await outputPath(oldContent);
  const sink = await createFileSink(path, {}, calm);
  const input = createMemorySource(stream);
  const run = decryptStream({ input, sink, access, pool, keepVerifiedPrefix: true, ...options }, calm);
  const { code } = await failureOf(run);
  const standing = (await standingAt(path)) ?? new Uint8Array(0);
  if (equalBytes(standing, oldContent)) return { code, standing: 'the old' };
  const isPrefix = equalBytes(standing, content.subarray(0, standing.length));
  return { code, standing: isPrefix ? standing.length : 'something else' };
}

describe('a refused stream of which the verified part is to be kept', () => {
  const stranger = { identities: [keyFileIdentity(createSecretKey(Buffer.alloc(32, 1)))] };

  it('leaves alone what stands there as long as nothing was verified', async () => {
    const made = await makeScheduled(content);
    const forged = concatBytes(repairHeader(xorBit(made.header, 8 * (108 + 3 + 30))), ...made.segments);
    const cases: [string, Uint8Array, Partial<DecryptRequest>][] = [
      ['no-recipient', made.bytes, { access: stranger }],
      ['header-auth', forged, {}],
      ['wrong-object', made.bytes, { access: { ...access, objectName: { bucket: 'b', key: 'k' } } }],
      ['bad-magic', new Uint8Array(1000), {}],
      ['truncated', made.bytes.subarray(0, 300), {}],
      ['crc-mismatch', xorBit(made.bytes, 8 * 700), {}],
      ['truncated', made.bytes.subarray(0, 512 + 10_000), {}],
    ];
    for (const [expected, stream, options] of cases) {
      const { code, standing } = await kept(stream, options);
      expect({ code, standing }).toEqual({ code: expected, standing: 'the old' });
    }
  });

  it('nor puts nothing in its place where nothing but an empty segment was verified', async () => {
    const made = await makeIndexed(content.subarray(0, 100), [
      { partNumber: 1, lengths: [0] },
      { partNumber: 2, lengths: [100] },
    ]);
    const broken = xorBit(made.bytes, 8 * (made.segments[0]!.length + 64 + 50));
    expect(await kept(broken)).toEqual({ code: 'crc-mismatch', standing: 'the old' });
  });

  it('keeps nothing of a stream that is another one than was asked for, or may be', async () => {
    const made = await makeScheduled(content);
    const mismatch = { code: 'stream-digest-mismatch', standing: 'the old' };
    expect(await kept(made.bytes, { expectDigest: otherDigest })).toEqual(mismatch);
    // It was cut before anybody could tell which stream it is.
    const cut = made.bytes.subarray(0, -1);
    for (const expectDigest of [otherDigest, made.streamDigest]) {
      expect(await kept(cut, { expectDigest })).toEqual({ code: 'truncated', standing: 'the old' });
    }
    expect(await kept(cut)).toEqual({ code: 'truncated', standing: 2 * 16_384 - 512 });
    const indexed = await makeIndexed(content, parts);
    expect(await kept(indexed.bytes, { expectDigest: otherDigest })).toEqual(mismatch);
  });

  it('keeps what is of the stream that was asked for, where its index says so first', async () => {
    const indexed = await makeIndexed(content, parts);
    const broken = xorBit(indexed.bytes, 8 * (indexed.segments[0]!.length + 64 + 50));
    expect(await kept(broken, { expectDigest: indexed.streamDigest })).toEqual({
      code: 'crc-mismatch',
      standing: 16_384,
    });
  });

  it('keeps the code of its refusal where it cannot be kept, and tells why', async () => {
    const made = await makeScheduled(content);
    const full = new SealpartError('io', 'The disk is full.');
    const sink = new WatchedSink();
    sink.finish = () => Promise.reject(full);
    const input = createMemorySource(concatBytes(made.bytes, Uint8Array.of(0)));
    const failure = await failureOf(decryptStream({ input, sink, access, pool, keepVerifiedPrefix: true }, calm));
    expect([failure.code, failure.cause]).toEqual(['trailing-data', full]);
    expect(failure.message).toContain('The disk is full.');
    expect(sink.state).toBe('aborted');
  });
});
