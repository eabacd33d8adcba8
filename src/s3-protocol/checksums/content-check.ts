import { timingSafeEqual } from 'node:crypto';
import { assert } from '../../assert.ts';
import { s3Error } from '../errors/s3-error.ts';
import { type ChecksumAlgorithm, checksumHeader, parseChecksum } from './algorithm.ts';
import { type ContentHash, openContentHash } from './content-hash.ts';
import type { DeclaredIntegrity } from './declared-integrity.ts';

/** A checksum as a response and a record carry it. */
export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  /** The bytes in base64. */
  readonly value: string;
}

/** What content hashed to, in so far as it was asked. */
export type Digests = ReadonlyMap<ChecksumAlgorithm, Uint8Array>;

/** The hashes that must be known of the content before it can be judged. */
export function requiredHashes(declared: DeclaredIntegrity): ReadonlySet<ChecksumAlgorithm> {
  const hashes = new Set<ChecksumAlgorithm>();
  if (declared.checksum !== undefined) hashes.add(declared.checksum.algorithm);
  if (declared.contentMd5 !== undefined) hashes.add('MD5');
  if (declared.payloadSha256 !== undefined) hashes.add('SHA256');
  return hashes;
}

/**
 * Judges content by what the request said of it.
 *
 * @param digests what was computed, with every required hash.
 * @param trailers what came after the content, names in lower case.
 * @returns the checksum to answer with and to keep, if the client chose one.
 * @throws S3Error XAmzContentSHA256Mismatch, BadDigest, InvalidRequest or MalformedTrailerError.
 */
export function judgeContent(
  declared: DeclaredIntegrity,
  digests: Digests,
  trailers: ReadonlyMap<string, string>,
): Checksum | undefined {
  checkPayloadSha256(declared.payloadSha256, digests);
  checkContentMd5(declared.contentMd5, digests);
  if (declared.checksum === undefined) return undefined;
  const { algorithm, value } = declared.checksum;
  const expected = value ?? trailingChecksum(algorithm, trailers);
  const computed = digestOf(digests, algorithm);
  if (!equalBytes(computed, expected)) {
    throw s3Error('BadDigest', { message: `The ${algorithm} you specified did not match the calculated checksum.` });
  }
  return { algorithm, value: Buffer.from(computed).toString('base64') };
}

/** Content's hashes, computed as it comes, and its judgement. */
export class ContentCheck {
  readonly #declared: DeclaredIntegrity;
  readonly #hashes: ReadonlyMap<ChecksumAlgorithm, ContentHash>;

  private constructor(declared: DeclaredIntegrity, hashes: ReadonlyMap<ChecksumAlgorithm, ContentHash>) {
    this.#declared = declared;
    this.#hashes = hashes;
  }

  /**
   * @param elsewhere hashes that somebody else computes, and gives to `finish`.
   * @param wanted hashes to compute whether the request asks for them or not.
   */
  static async open(
    declared: DeclaredIntegrity,
    elsewhere: ReadonlySet<ChecksumAlgorithm> = new Set(),
    wanted: Iterable<ChecksumAlgorithm> = [],
  ): Promise<ContentCheck> {
    const here = [...new Set([...requiredHashes(declared), ...wanted])].filter((name) => !elsewhere.has(name));
    const hashes = await Promise.all(here.map(async (name) => [name, await openContentHash(name)] as const));
    return new ContentCheck(declared, new Map(hashes));
  }

  update(bytes: Uint8Array): void {
    for (const hash of this.#hashes.values()) hash.update(bytes);
  }

  /**
   * All content has come.
   *
   * @returns the checksum to answer with, if the client chose one, and all digests.
   * @throws as judgeContent.
   */
  finish(
    trailers: ReadonlyMap<string, string> = new Map(),
    fromElsewhere: Digests = new Map(),
  ): { readonly checksum: Checksum | undefined; readonly digests: Digests } {
    const digests = new Map(fromElsewhere);
    for (const [name, hash] of this.#hashes) digests.set(name, hash.digest());
    return { checksum: judgeContent(this.#declared, digests, trailers), digests };
  }
}

function checkPayloadSha256(declared: string | undefined, digests: Digests): void {
  if (declared === undefined) return;
  const computed = digestOf(digests, 'SHA256');
  if (equalBytes(computed, Buffer.from(declared, 'hex'))) return;
  throw s3Error('XAmzContentSHA256Mismatch', {
    ClientComputedContentSHA256: declared,
    S3ComputedContentSHA256: Buffer.from(computed).toString('hex'),
  });
}

function checkContentMd5(declared: Uint8Array | undefined, digests: Digests): void {
  if (declared === undefined) return;
  const computed = digestOf(digests, 'MD5');
  if (equalBytes(computed, declared)) return;
  throw s3Error('BadDigest', {
    CalculatedDigest: Buffer.from(computed).toString('base64'),
    ExpectedDigest: Buffer.from(declared).toString('hex'),
  });
}

function trailingChecksum(algorithm: ChecksumAlgorithm, trailers: ReadonlyMap<string, string>): Uint8Array {
  const header = checksumHeader(algorithm);
  const text = trailers.get(header);
  if (text === undefined) throw s3Error('MalformedTrailerError');
  const value = parseChecksum(algorithm, text);
  if (value === undefined) {
    throw s3Error('InvalidRequest', { message: `Value for ${header} trailing header is invalid.` });
  }
  return value;
}

function digestOf(digests: Digests, algorithm: ChecksumAlgorithm): Uint8Array {
  const digest = digests.get(algorithm);
  assert(digest !== undefined, `the content's ${algorithm} was not computed`);
  return digest;
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
