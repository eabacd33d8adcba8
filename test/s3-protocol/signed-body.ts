import { createHash, createHmac } from 'node:crypto';
import type { ChunkSeed } from '../../src/s3-protocol/signature/signing-key.ts';
import { deriveSigningKey } from '../../src/s3-protocol/signature/signing-key.ts';
import { region, secretAccessKey } from './sdk-signer.ts';

/** A chain of signatures that begins anywhere. */
export const seed: ChunkSeed = {
  signingKey: deriveSigningKey(secretAccessKey, { date: '20260930', region }),
  timestamp: '20260930T120000Z',
  scope: `20260930/${region}/s3/aws4_request`,
  signature: 'ab'.repeat(32),
};

const hex = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

/** Writes a signed body chunk by chunk, so that a test can leave one out or change what it says. */
export class BodySigner {
  readonly #seed: ChunkSeed;
  #previous: string;

  constructor(from: ChunkSeed = seed) {
    this.#seed = from;
    this.#previous = from.signature;
  }

  #sign(algorithm: string, ...signed: string[]): string {
    const { timestamp, scope, signingKey } = this.#seed;
    const text = [algorithm, timestamp, scope, this.#previous, ...signed].join('\n');
    this.#previous = createHmac('sha256', signingKey).update(text).digest('hex');
    return this.#previous;
  }

  header(content: Uint8Array): string {
    const signature = this.#sign('AWS4-HMAC-SHA256-PAYLOAD', hex(''), hex(content));
    return `${content.length.toString(16)};chunk-signature=${signature}\r\n`;
  }

  chunk(content: Uint8Array): Buffer {
    return Buffer.concat([Buffer.from(this.header(content)), content, Buffer.from('\r\n')]);
  }

  last(): Buffer {
    return Buffer.from(this.header(new Uint8Array()));
  }

  trailer(name: string, value: string): Buffer {
    const signature = this.#sign('AWS4-HMAC-SHA256-TRAILER', hex(`${name}:${value}\n`));
    return Buffer.from(`${name}:${value}\r\nx-amz-trailer-signature:${signature}\r\n`);
  }
}

/** A signed body of these chunks, with a trailer if one is given. */
export function signedBody(chunks: readonly Uint8Array[], trailer?: readonly [name: string, value: string]): Buffer {
  const signer = new BodySigner();
  return Buffer.concat([
    ...chunks.map((chunk) => signer.chunk(chunk)),
    signer.last(),
    ...(trailer === undefined ? [] : [signer.trailer(...trailer)]),
    Buffer.from('\r\n'),
  ]);
}

/** An unsigned body of these chunks, with a trailer if one is given. */
export function unsignedBody(chunks: readonly Uint8Array[], trailer?: readonly [name: string, value: string]): Buffer {
  const pieces = [...chunks, new Uint8Array()].flatMap((chunk, i) => [
    Buffer.from(`${chunk.length.toString(16)}\r\n`),
    chunk,
    Buffer.from(i < chunks.length ? '\r\n' : ''),
  ]);
  return Buffer.concat([...pieces, Buffer.from(trailer === undefined ? '\r\n' : `${trailer.join(':')}\r\n\r\n`)]);
}
