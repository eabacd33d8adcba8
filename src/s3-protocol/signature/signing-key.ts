import { createHash, createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';

/** What a signing key is for, `20130524/us-east-1/s3/aws4_request`, in its parts. */
export interface CredentialScope {
  /** `20130524` */
  readonly date: string;
  readonly region: string;
}

/** What a chain of chunk signatures hangs on. */
export interface ChunkSeed {
  readonly signingKey: KeyObject;
  /** `20130524T000000Z` */
  readonly timestamp: string;
  /** `20130524/us-east-1/s3/aws4_request` */
  readonly scope: string;
  /** The request's own signature, 64 hex digits. */
  readonly signature: string;
}

export function formatScope({ date, region }: CredentialScope): string {
  return `${date}/${region}/s3/aws4_request`;
}

/** The key that signs everything of one day and region under a secret. It does not lead back to the secret. */
export function deriveSigningKey(secret: string, { date, region }: CredentialScope): KeyObject {
  let key: Buffer = Buffer.from(`AWS4${secret}`, 'utf8');
  for (const step of [date, region, 's3', 'aws4_request']) {
    key = createHmac('sha256', key).update(step, 'latin1').digest();
  }
  return createSecretKey(key);
}

/** The HMAC of a string of one character a byte. */
export function sign(key: KeyObject, stringToSign: string): Buffer {
  return createHmac('sha256', key).update(stringToSign, 'latin1').digest();
}

/** SHA-256 in lower-case hex of a string of one character a byte. */
export function sha256Hex(text: string): string {
  return createHash('sha256').update(text, 'latin1').digest('hex');
}

/**
 * True if the 64 hex digits that were given are the signature that was computed. Takes the same time wherever they
 * differ, and never throws: what is no signature at all is compared as zeros, and refused.
 */
export function equalSignature(computed: Uint8Array, given: string): boolean {
  const wellFormed = /^[0-9a-f]{64}$/.test(given);
  const bytes = wellFormed ? Buffer.from(given, 'hex') : Buffer.alloc(computed.length);
  return timingSafeEqual(computed, bytes) && wellFormed;
}
