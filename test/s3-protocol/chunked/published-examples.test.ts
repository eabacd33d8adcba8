import { describe, expect, it } from 'vitest';
import { openChunkedBody } from '../../../src/s3-protocol/chunked/open-chunked-body.ts';
import type { HeaderField, RawRequest } from '../../../src/s3-protocol/signature/raw-request.ts';
import { type Verified, verifySignature } from '../../../src/s3-protocol/signature/verify-signature.ts';
import { codeOf } from '../refusal-of.ts';
import { nowMs, rules } from '../sdk-signer.ts';
import { minioGoBodies } from './minio-go-bodies.ts';

// Chunked uploads that others signed: the two that S3's documentation works out, and those of a client.

const accessKeyId = 'AKIAIOSFODNN7EXAMPLE';
const documented = {
  findSecret: (id: string) => (id === accessKeyId ? 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' : undefined),
  regions: ['us-east-1'],
};

interface Example {
  readonly contentSha256: string;
  readonly signedHeaders: string;
  readonly signature: string;
  readonly more: readonly HeaderField[];
  /** The signatures of a chunk of 64 KiB, of one of 1 KiB, of the last one. */
  readonly chunks: readonly [string, string, string];
  readonly trailer: string;
}

const examples: Record<string, Example> = {
  'a chunked upload': {
    contentSha256: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    signedHeaders:
      'content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class',
    signature: '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
    more: [['Content-Length', '66824']],
    chunks: [
      'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
      '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
      'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
    ],
    trailer: '',
  },
  'a chunked upload with a trailer': {
    contentSha256: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
    signedHeaders:
      'content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer',
    signature: '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
    more: [['x-amz-trailer', 'x-amz-checksum-crc32c']],
    chunks: [
      'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2',
      '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7',
      '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992',
    ],
    trailer:
      'x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n',
  },
};

function requestOf(example: Example): RawRequest {
  return {
    method: 'PUT',
    target: '/examplebucket/chunkObject.txt',
    headers: [
      ['Host', 's3.amazonaws.com'],
      ['x-amz-date', '20130524T000000Z'],
      ['x-amz-storage-class', 'REDUCED_REDUNDANCY'],
      [
        'Authorization',
        `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20130524/us-east-1/s3/aws4_request,SignedHeaders=${example.signedHeaders},Signature=${example.signature}`,
      ],
      ['x-amz-content-sha256', example.contentSha256],
      ['Content-Encoding', 'aws-chunked'],
      ['x-amz-decoded-content-length', '66560'],
      ...example.more,
    ],
  };
}

function bodyOf({ chunks, trailer }: Example, content: string): Buffer {
  const [first, second, last] = chunks;
  return Buffer.from(
    `10000;chunk-signature=${first}\r\n${content.repeat(65536)}\r\n` +
      `400;chunk-signature=${second}\r\n${content.repeat(1024)}\r\n` +
      `0;chunk-signature=${last}\r\n${trailer}\r\n`,
  );
}

function decode(request: RawRequest, verified: Verified, trailer: string | undefined, body: Buffer) {
  if (verified.payload.kind !== 'chunked') throw new Error(`This is no chunked payload but ${verified.payload.kind}.`);
  const decoder = openChunkedBody(request, verified.payload, verified.seed, trailer);
  const content = Buffer.concat(decoder.feed(body));
  return { content, trailers: decoder.end(), verifiedBytes: decoder.verifiedBytes };
}

describe('the published chunked uploads', () => {
  it.each(Object.keys(examples))('verifies %s', (name) => {
    const example = examples[name]!;
    const request = requestOf(example);
    const verified = verifySignature(request, documented, Date.UTC(2013, 4, 24));
    const trailer = example.trailer === '' ? undefined : 'x-amz-checksum-crc32c';
    const decoded = decode(request, verified, trailer, bodyOf(example, 'a'));
    expect(decoded.content.equals(Buffer.alloc(66560, 'a'))).toBe(true);
    expect(decoded.verifiedBytes).toBe(66560);
    expect([...decoded.trailers]).toEqual(trailer === undefined ? [] : [[trailer, 'sOO8/Q==']]);
    const other = () => decode(request, verified, trailer, bodyOf(example, 'b'));
    expect(codeOf(other)).toBe('403 SignatureDoesNotMatch');
  });
});

describe('the uploads of minio-go', () => {
  const bodies = minioGoBodies.map((body) => [`${body.mode}, ${body.size} bytes`, body] as const);

  it.each(bodies)('decodes %s', (_, { mode, size, headers, wire }) => {
    let given = 0;
    const pieces = wire.map((piece) => {
      if (typeof piece === 'string') return Buffer.from(piece);
      const content = Buffer.from('0123456789'.repeat(piece / 10 + 2)).subarray(given % 10, (given % 10) + piece);
      given += piece;
      return content;
    });
    const signed = headers.length > 0;
    const request: RawRequest = {
      method: 'PUT',
      target: '/bucket/some%20key',
      headers: signed ? headers : [['x-amz-decoded-content-length', String(size)]],
    };
    const trailer = mode === 'signed' ? undefined : 'x-amz-checksum-crc32c';
    const verified = signed ? verifySignature(request, rules, nowMs) : unsignedTrailer;
    const decoded = decode(request, verified, trailer, Buffer.concat(pieces));
    expect(decoded.content.toString()).toBe('0123456789'.repeat(size / 10 + 1).slice(0, size));
    expect(decoded.trailers.size).toBe(trailer === undefined ? 0 : 1);
  });
});

const unsignedTrailer = {
  payload: { kind: 'chunked', signedChunks: false, trailer: true },
} as unknown as Verified;
