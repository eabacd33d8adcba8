import { createHmac, hash } from 'node:crypto';
import type { SigningKeys } from './signing-keys.ts';

/** Who signs. */
export interface SigningIdentity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** A request that is to be signed: everything as it will be sent. */
export interface UnsignedRequest {
  readonly method: string;
  /** Escaped. */
  readonly path: string;
  /** Escaped, and in the order of its bytes. */
  readonly query: string;
  /** Names in lower case, `host` included; one character a byte. */
  readonly headers: Readonly<Record<string, string>>;
  /** SHA-256 of the body in hexadecimal, or `UNSIGNED-PAYLOAD`. */
  readonly payloadHash: string;
}

/** SHA-256 of nothing. */
export const emptyHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** What is between us and the next hop, and what proxies change. */
const unsigned: ReadonlySet<string> = new Set(['cache-control', 'connection', 'expect', 'user-agent']);

/**
 * The headers of a request with a signature (AWS Signature Version 4). Values are signed without blanks at their ends
 * and with single ones inside: to be sent as they are given, they must have no others.
 *
 * @param nowMs what the store takes for the time.
 */
export function signRequest(
  request: UnsignedRequest,
  identity: SigningIdentity,
  region: string,
  keys: SigningKeys,
  nowMs: number,
): Record<string, string> {
  const date = amzDate(nowMs);
  const day = date.slice(0, 8);
  const headers: Record<string, string> = {
    ...request.headers,
    'x-amz-content-sha256': request.payloadHash,
    'x-amz-date': date,
  };
  if (identity.sessionToken !== undefined) headers['x-amz-security-token'] = identity.sessionToken;
  const names = Object.keys(headers)
    .filter((name) => !unsigned.has(name))
    .sort();
  const lines = names.map((name) => `${name}:${oneBlank(headers[name]!)}\n`).join('');
  const signed = names.join(';');
  const canonical = `${request.method}\n${request.path}\n${request.query}\n${lines}\n${signed}\n${request.payloadHash}`;
  const scope = `${day}/${region}/s3/aws4_request`;
  // A header's characters are its bytes; everything else is ASCII.
  const digest = hash('sha256', Buffer.from(canonical, 'latin1'));
  const key = keys.find(identity.secretAccessKey, day, region);
  const signature = createHmac('sha256', key).update(`AWS4-HMAC-SHA256\n${date}\n${scope}\n${digest}`).digest('hex');
  headers.authorization = `AWS4-HMAC-SHA256 Credential=${identity.accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=${signature}`;
  return headers;
}

function oneBlank(value: string): string {
  return /^\s|\s\s|\s$/.test(value) ? value.trim().replace(/\s+/g, ' ') : value;
}

let lastSecond = -1;
let lastDate = '';

/** The time as `20260131T235959Z`. Many requests are signed in a second. */
function amzDate(nowMs: number): string {
  const second = Math.floor(nowMs / 1000);
  if (second !== lastSecond) {
    lastDate = new Date(second * 1000).toISOString().replace(/[-:]|\.\d{3}/g, '');
    lastSecond = second;
  }
  return lastDate;
}
