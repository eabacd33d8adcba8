import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { OperationCall } from '../../../src/gateway/operation-call.ts';
import { readDocument } from '../../../src/gateway/operations/read-document.ts';
import type { HeaderField } from '../../../src/s3-protocol/signature/raw-request.ts';
import type { Verified } from '../../../src/s3-protocol/signature/verify-signature.ts';

const signal = new AbortController().signal;

/** A call whose body comes in these pieces. */
function callOf(pieces: readonly string[], headers: HeaderField[], payload?: Verified['payload']) {
  const left = pieces.map((piece) => Buffer.from(piece));
  const lengthBytes = pieces.join('').length;
  const body = { lengthBytes, receivedBytes: 0, next: async () => left.shift() };
  const call = { request: { body }, route: { headers }, verified: payload === undefined ? undefined : { payload } };
  return call as unknown as OperationCall;
}

describe('a document in a body', () => {
  it('is what came, in how many pieces ever', async () => {
    expect(Buffer.from(await readDocument(callOf(['<a>', '</a>'], []), signal)).toString()).toBe('<a></a>');
    expect(await readDocument(callOf([], []), signal)).toHaveLength(0);
  });

  it.each([true, false])('is not sent in chunks, be they signed: %s', async (signedChunks) => {
    const headers: HeaderField[] = [['x-amz-decoded-content-length', '5']];
    const payload = { kind: 'chunked', signedChunks, trailer: true } as const;
    const call = callOf(['5\r\nhello\r\n0\r\n\r\n'], headers, payload);
    await expect(readDocument(call, signal)).rejects.toMatchObject({
      code: 'InvalidRequest',
      message: 'The value of x-amz-content-sha256 header is invalid.',
    });
  });

  it('is refused if it is not what was signed, or has another MD5', async () => {
    const sha256 = createHash('sha256').update('other').digest('hex');
    await expect(readDocument(callOf(['hello'], [], { kind: 'sha256', sha256 }), signal)).rejects.toMatchObject({
      code: 'XAmzContentSHA256Mismatch',
    });
    const md5 = createHash('md5').update('other').digest('base64');
    await expect(readDocument(callOf(['hello'], [['Content-MD5', md5]]), signal)).rejects.toMatchObject({
      code: 'BadDigest',
    });
  });

  it('is not read beyond what a document may have, announced or not', async () => {
    const tooLong = callOf(['x'.repeat(60), 'x'.repeat(60)], []);
    await expect(readDocument(tooLong, signal, 100)).rejects.toMatchObject({ code: 'MaxMessageLengthExceeded' });
    const announced = callOf(['x'.repeat(20_000)], []);
    let reads = 0;
    announced.request.body.next = async () => {
      reads += 1;
      return undefined;
    };
    await expect(readDocument(announced, signal, 100)).rejects.toMatchObject({ code: 'MaxMessageLengthExceeded' });
    expect(reads).toBe(0);
  });
});
