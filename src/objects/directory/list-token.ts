import { crc32 } from 'node:zlib';
import type { SealpartError } from '../../errors.ts';
import type { LastItem } from './key-walk.ts';
import { encodeKeyText } from './names.ts';
import { refused } from './refusals.ts';

/*
 * A token is base64url of: a version, what the last item was, the CRC-32 of all that is not itself, the item's bytes.
 * Nothing in it is secret, and one that somebody makes leads nowhere where a marker would not. The CRC is there for
 * tokens that were cut, or belong to another store.
 */
const version = 1;
const kinds = { key: 0, prefix: 1 } as const;
const headBytes = 6;
/** More than any key needs. */
const maxTokenChars = 2048;

/** Where a listing goes on: after a key, or after all keys with a prefix. */
export interface TokenPosition {
  readonly kind: LastItem['kind'];
  readonly bytes: Uint8Array;
}

export function encodeToken(last: LastItem): string {
  const text = encodeKeyText(last.text);
  const head = Buffer.from([version, kinds[last.kind]]);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(text, crc32(head)));
  return Buffer.concat([head, check, text]).toString('base64url');
}

/** @throws SealpartError `bad-parameters` (InvalidArgument) for what encodeToken did not make */
export function decodeToken(token: string): TokenPosition {
  if (token.length > maxTokenChars) throw badToken();
  const bytes = Buffer.from(token, 'base64url');
  // What is no base64url is skipped by the decoder, and bits that are left over are dropped.
  if (bytes.length < headBytes || bytes.toString('base64url') !== token) throw badToken();
  const head = bytes.subarray(0, 2);
  const text = bytes.subarray(headBytes);
  if (bytes[0] !== version || bytes.readUInt32BE(2) !== crc32(text, crc32(head))) throw badToken();
  if (bytes[1] === kinds.key) return { kind: 'key', bytes: text };
  if (bytes[1] === kinds.prefix && text.length > 0) return { kind: 'prefix', bytes: text };
  throw badToken();
}

function badToken(): SealpartError {
  return refused('InvalidArgument', 'The continuation token provided is incorrect');
}
