import { SealpartError } from '../../errors.ts';
import { SigningKeys } from '../../s3-protocol/signature/signing-keys.ts';
import type { AccessKey } from './access-key.ts';
import { type AccessLevel, type AccessRule, reachesBucket, reachesPrefix } from './access-rule.ts';
import type { AccessDocument } from './parse-access-keys.ts';

/**
 * Who may do what, now: the keys can be replaced while requests come in. An id that is undefined stands for requests
 * without a signature.
 */
export class AccessKeys {
  #keys: ReadonlyMap<string, AccessKey> = new Map();
  #anonymous: readonly AccessRule[] = [];
  #signingKeys: SigningKeys = new SigningKeys();

  constructor(document: AccessDocument) {
    this.replace(document);
  }

  /** How many access keys there are. */
  get size(): number {
    return this.#keys.size;
  }

  /** What requests without a signature may do. */
  get anonymous(): readonly AccessRule[] {
    return this.#anonymous;
  }

  /** Those that were derived of the present secrets. Ask for them anew with each request. */
  get signingKeys(): SigningKeys {
    return this.#signingKeys;
  }

  /**
   * From now on these count, and no others; what was derived of the old ones is forgotten.
   *
   * @throws SealpartError `bad-key` if two keys have one id; then the old ones stay
   */
  replace({ keys, anonymous }: AccessDocument): void {
    const byId = new Map(keys.map((key) => [key.id, key]));
    if (byId.size !== keys.length) throw new SealpartError('bad-key', 'Two access keys have the same id: remove one.');
    this.#keys = byId;
    this.#anonymous = anonymous;
    this.#signingKeys = new SigningKeys();
  }

  findSecret(id: string): string | undefined {
    return this.#keys.get(id)?.secret;
  }

  /**
   * True if a key may do so much with an object; without the object's key, with the bucket itself, which rules for some
   * keys alone do not allow.
   */
  allows(id: string | undefined, access: AccessLevel, bucket: string, key = ''): boolean {
    return this.#rulesOf(id).some((rule) => reachesBucket(rule, access, bucket) && reachesPrefix(rule, key));
  }

  /** True if a key may list all that begins so. */
  allowsListing(id: string | undefined, bucket: string, prefix: string): boolean {
    return this.allows(id, 'read', bucket, prefix);
  }

  /** True if a key may do so much with the bucket, or with some of its keys. */
  reaches(id: string | undefined, access: AccessLevel, bucket: string): boolean {
    return this.#rulesOf(id).some((rule) => reachesBucket(rule, access, bucket));
  }

  /** True if a key may know that the bucket is there. */
  visibleBucket(id: string | undefined, bucket: string): boolean {
    return this.reaches(id, 'read', bucket);
  }

  /** True if a key may do anything at all. */
  isKnown(id: string | undefined): boolean {
    return this.#rulesOf(id).length > 0;
  }

  #rulesOf(id: string | undefined): readonly AccessRule[] {
    return id === undefined ? this.#anonymous : (this.#keys.get(id)?.rules ?? []);
  }
}
