import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  type ChecksumAlgorithm,
  checksumAlgorithms,
  checksumHeader,
} from '../../src/s3-protocol/checksums/algorithm.ts';
import { ContentCheck } from '../../src/s3-protocol/checksums/content-check.ts';
import { openContentHash } from '../../src/s3-protocol/checksums/content-hash.ts';
import { announcedTrailerName, declaredIntegrity } from '../../src/s3-protocol/checksums/declared-integrity.ts';
import { openChunkedBody } from '../../src/s3-protocol/chunked/open-chunked-body.ts';
import type { HeaderField } from '../../src/s3-protocol/signature/raw-request.ts';
import type { SignedPayload } from '../../src/s3-protocol/signature/signed-payload.ts';
import { refusalOf } from '../s3-protocol/refusal-of.ts';
import { seed, signedBody, unsignedBody } from '../s3-protocol/signed-body.ts';
import { noteFault } from '../support/fault-log.ts';

// A10: content that is not what was declared: its length, its SHA-256, its Content-MD5, its checksum in a header or in
// a trailer. Here as far as the texts and bytes go; that nothing is stored is shown where things are stored.

const content = Buffer.from('some content that was declared');
const other = Buffer.from('some content that was n0t declared');

async function checksumOf(algorithm: ChecksumAlgorithm, bytes: Uint8Array): Promise<string> {
  const hash = await openContentHash(algorithm);
  hash.update(bytes);
  return Buffer.from(hash.digest()).toString('base64');
}

/** Checks a body that is not chunked. */
async function check(bytes: Uint8Array, payload: SignedPayload, ...headers: HeaderField[]) {
  const opened = await ContentCheck.open(declaredIntegrity({ headers }, payload));
  opened.update(bytes);
  return () => opened.finish().checksum;
}

/** Checks a chunked body of one chunk with a trailer. */
async function checkTrailer(bytes: Uint8Array, signedChunks: boolean, name: string, value: string) {
  const payload = { kind: 'chunked', signedChunks, trailer: true } as const;
  const headers: HeaderField[] = [
    ['x-amz-trailer', name],
    ['x-amz-decoded-content-length', String(bytes.length)],
  ];
  const declared = declaredIntegrity({ headers }, payload);
  const decoder = openChunkedBody({ headers }, payload, seed, announcedTrailerName(declared));
  const opened = await ContentCheck.open(declared);
  const body = (signedChunks ? signedBody : unsignedBody)([bytes], [name, value]);
  for (const slice of decoder.feed(body)) opened.update(slice);
  return () => opened.finish(decoder.end()).checksum;
}

describe('A10: content that is not what was declared', () => {
  it('is refused by its SHA-256, with both of them', async () => {
    const sha256 = createHash('sha256').update(content).digest('hex');
    expect((await check(content, { kind: 'sha256', sha256 }))()).toBeUndefined();
    const wrong = await check(other, { kind: 'sha256', sha256 });
    expect(refusalOf(wrong)).toMatchObject({
      code: 'XAmzContentSHA256Mismatch',
      status: 400,
      fields: {
        ClientComputedContentSHA256: sha256,
        S3ComputedContentSHA256: createHash('sha256').update(other).digest('hex'),
      },
    });
    noteFault({ id: 'A10', injected: 'another SHA-256', reached: 1, outcome: 'XAmzContentSHA256Mismatch' });
  });

  it('is refused by its Content-MD5, with both of them', async () => {
    const md5 = createHash('md5').update(content).digest();
    const header: HeaderField = ['Content-MD5', md5.toString('base64')];
    expect((await check(content, { kind: 'unsigned' }, header))()).toBeUndefined();
    const wrong = await check(other, { kind: 'unsigned' }, header);
    expect(refusalOf(wrong)).toMatchObject({
      code: 'BadDigest',
      status: 400,
      message: 'The Content-MD5 you specified did not match what we received.',
      fields: {
        CalculatedDigest: createHash('md5').update(other).digest('base64'),
        ExpectedDigest: md5.toString('hex'),
      },
    });
    noteFault({ id: 'A10', injected: 'another Content-MD5', reached: 1, outcome: 'BadDigest' });
  });

  it.each(checksumAlgorithms)('is refused by its %s in a header or a trailer', async (algorithm) => {
    const name = checksumHeader(algorithm);
    const value = await checksumOf(algorithm, content);
    const answer = { algorithm, value };
    expect((await check(content, { kind: 'unsigned' }, [name, value]))()).toEqual(answer);
    const refused = [await check(other, { kind: 'unsigned' }, [name, value])];
    for (const signed of [true, false]) {
      expect((await checkTrailer(content, signed, name, value))()).toEqual(answer);
      refused.push(await checkTrailer(other, signed, name, value));
      const invalid = await checkTrailer(content, signed, name, 'invalid');
      expect(refusalOf(invalid).message).toBe(`Value for ${name} trailing header is invalid.`);
    }
    for (const work of refused) {
      expect(refusalOf(work)).toMatchObject({
        code: 'BadDigest',
        message: `The ${algorithm} you specified did not match the calculated checksum.`,
      });
    }
    noteFault({ id: 'A10', injected: `another ${algorithm}`, reached: refused.length, outcome: 'BadDigest' });
  });

  it('is refused by its length, too short and too long', () => {
    const payload = { kind: 'chunked', signedChunks: true, trailer: false } as const;
    for (const length of [content.length - 1, content.length + 1, 0]) {
      const headers: HeaderField[] = [['x-amz-decoded-content-length', String(length)]];
      const decoder = openChunkedBody({ headers }, payload, seed, undefined);
      const error = refusalOf(() => {
        decoder.feed(signedBody([content]));
        decoder.end();
      });
      expect(error).toMatchObject({
        code: 'IncompleteBody',
        message: 'You did not provide the number of bytes specified by the Content-Length HTTP header',
      });
    }
    noteFault({ id: 'A10', injected: 'another length', reached: 3, outcome: 'IncompleteBody' });
  });
});
