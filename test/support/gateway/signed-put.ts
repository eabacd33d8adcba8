import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { RawRequest } from '../../../src/s3-protocol/signature/raw-request.ts';
import { type ChunkSeed, deriveSigningKey } from '../../../src/s3-protocol/signature/signing-key.ts';
import {
  region,
  type SigningOptions,
  secretAccessKey,
  signedByHeader,
  signedByQuery,
} from '../../s3-protocol/sdk-signer.ts';
import { BodySigner, unsignedBody } from '../../s3-protocol/signed-body.ts';

/** How a body says what it is, in x-amz-content-sha256. */
export const payloads = {
  unsigned: 'UNSIGNED-PAYLOAD',
  sha256: undefined,
  signedChunks: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  signedTrailer: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
  unsignedTrailer: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
} as const;
export type Payload = keyof typeof payloads;

export interface PutOptions extends SigningOptions {
  readonly where?: 'header' | 'query';
  readonly payload?: Payload;
  /** Further headers, in lower case, which are signed. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Content is cut into chunks of so many bytes. */
  readonly chunkBytes?: number;
  /** What x-amz-decoded-content-length says, if it is to lie. */
  readonly decodedLength?: number;
}

/** A PutObject with its body in pieces, so that a test can leave one out or change it. */
export interface SignedPut {
  readonly request: RawRequest;
  readonly seed: ChunkSeed;
  readonly pieces: readonly Buffer[];
}

export const trailerName = 'x-amz-checksum-crc32';

export function crc32Of(content: Uint8Array): string {
  const value = Buffer.alloc(4);
  value.writeUInt32BE(crc32(content));
  return value.toString('base64');
}

/** Signs a PutObject now, by the AWS SDK's signer; the body's chunks are signed by the chain that begins with it. */
export async function signedPut(path: string, content: Uint8Array, options: PutOptions = {}): Promise<SignedPut> {
  const { where = 'header', payload = 'sha256', chunkBytes = 8192 } = options;
  const chunked = payload !== 'unsigned' && payload !== 'sha256';
  const hash = payloads[payload] ?? createHash('sha256').update(content).digest('hex');
  const headers: Record<string, string> = {
    [where === 'header' ? 'x-amz-content-sha256' : 'X-Amz-Content-Sha256']: hash,
    ...(chunked && { 'x-amz-decoded-content-length': String(options.decodedLength ?? content.length) }),
    ...(payload.endsWith('Trailer') && { 'x-amz-trailer': trailerName }),
    ...(chunked && { 'content-encoding': 'aws-chunked' }),
    ...options.headers,
  };
  const atMs = options.atMs ?? Date.now();
  const sign = where === 'header' ? signedByHeader : signedByQuery;
  const request = await sign({ method: 'PUT', path, headers }, { ...options, atMs });
  const seed = seedOf(request, atMs);
  return { request, seed, pieces: bodyPieces(content, payload, seed, chunkBytes) };
}

function seedOf(request: RawRequest, atMs: number): ChunkSeed {
  const timestamp = `${new Date(atMs).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
  const date = timestamp.slice(0, 8);
  const signature = /Signature=([0-9a-f]{64})/.exec(JSON.stringify(request))![1]!;
  const scope = `${date}/${region}/s3/aws4_request`;
  return { signingKey: deriveSigningKey(secretAccessKey, { date, region }), timestamp, scope, signature };
}

function bodyPieces(content: Uint8Array, payload: Payload, seed: ChunkSeed, chunkBytes: number): Buffer[] {
  if (payload === 'unsigned' || payload === 'sha256') return [Buffer.from(content)];
  const trailer = [trailerName, crc32Of(content)] as const;
  const chunks: Buffer[] = [];
  for (let at = 0; at < content.length; at += chunkBytes)
    chunks.push(Buffer.from(content.subarray(at, at + chunkBytes)));
  if (payload === 'unsignedTrailer') return [unsignedBody(chunks, trailer)];
  const signer = new BodySigner(seed);
  const last = payload === 'signedTrailer' ? [signer.trailer] : [];
  return [
    ...chunks.map((chunk) => signer.chunk(chunk)),
    signer.last(),
    ...last.map((sign) => sign.call(signer, ...trailer)),
    Buffer.from('\r\n'),
  ];
}
