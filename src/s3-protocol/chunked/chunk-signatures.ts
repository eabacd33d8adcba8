import { createHash, type Hash } from 'node:crypto';
import { s3Error } from '../errors/s3-error.ts';
import { type ChunkSeed, equalSignature, sha256Hex, sign } from '../signature/signing-key.ts';

const emptySha256 = sha256Hex('');

/**
 * The chain of signatures of a signed aws-chunked body: each covers its chunk and the signature before it, so that
 * chunks can be neither changed, left out, repeated nor put in another order.
 */
export class ChunkSignatures {
  readonly #seed: ChunkSeed;
  #previous: string;
  #claimed = '';
  #hash: Hash | undefined;

  constructor(seed: ChunkSeed) {
    this.#seed = seed;
    this.#previous = seed.signature;
  }

  /** A chunk begins, which says that this is its signature. */
  begin(claimed: string): void {
    this.#claimed = claimed;
    this.#hash = createHash('sha256');
  }

  update(bytes: Uint8Array): void {
    this.#hash?.update(bytes);
  }

  /** @throws S3Error SignatureDoesNotMatch if the chunk that ends here is not the one that was signed. */
  end(): void {
    const digest = this.#hash?.digest('hex') ?? emptySha256;
    this.#hash = undefined;
    this.#check('AWS4-HMAC-SHA256-PAYLOAD', `${emptySha256}\n${digest}`, this.#claimed);
  }

  /** @throws S3Error SignatureDoesNotMatch if these are not the trailers that were signed. */
  checkTrailers(trailers: ReadonlyMap<string, string>, claimed: string): void {
    const text = [...trailers].map(([name, value]) => `${name}:${value}\n`).join('');
    this.#check('AWS4-HMAC-SHA256-TRAILER', sha256Hex(text), claimed);
  }

  #check(algorithm: string, signed: string, claimed: string): void {
    const { timestamp, scope, signingKey } = this.#seed;
    const stringToSign = `${algorithm}\n${timestamp}\n${scope}\n${this.#previous}\n${signed}`;
    if (!equalSignature(sign(signingKey, stringToSign), claimed)) throw s3Error('SignatureDoesNotMatch');
    this.#previous = claimed;
  }
}
