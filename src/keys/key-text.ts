import type { KeyObject } from 'node:crypto';
import { secretKey } from '../crypto/hkdf.ts';
import { keyLength } from '../crypto/key-schedule.ts';
import { SealpartError } from '../errors.ts';
import { fromHex, toHex } from '../format/bytes.ts';
import { decodeBech32, encodeBech32 } from './bech32.ts';
import { requireSymmetricKey } from './require-key.ts';
import {
  isUsablePublicKey,
  requireX25519PrivateKey,
  x25519KeyLength,
  x25519PrivateBytes,
  x25519PrivateKey,
  x25519PublicBytes,
} from './x25519-keys.ts';

// docs/format.md §11. No message says what stands in a file: a file that does not parse may be a key all the same.

const publicPrefix = 'sealpart';
const identityPrefix = 'sealpart-secret-key-';
const maxFileLength = 65_536;
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

interface KeyLine {
  readonly text: string;
  /** Where it stands, for messages: `keys/a.key, line 2`. */
  readonly where: string;
}

function bad(where: string, what: string, cause?: unknown): SealpartError {
  return new SealpartError('bad-key', `${where}: ${what}`, { cause });
}

function decodeFile(bytes: Uint8Array, fileName: string): string {
  if (bytes.length > maxFileLength) throw bad(fileName, `it has ${bytes.length} bytes, and no key file is that long.`);
  try {
    return strictUtf8.decode(bytes);
  } catch (cause) {
    throw bad(fileName, 'it is not UTF-8 text. Keys are kept as text: see `sealpart keygen`.', cause);
  }
}

/** The one line of a file that is neither empty nor a comment. */
function keyLineOf(bytes: Uint8Array, fileName: string): KeyLine {
  let found: KeyLine | undefined;
  for (const [i, line] of decodeFile(bytes, fileName).split('\n').entries()) {
    const text = line.endsWith('\r') ? line.slice(0, -1) : line;
    if (text === '' || text.startsWith('#')) continue;
    const where = `${fileName}, line ${i + 1}`;
    if (found !== undefined) throw bad(where, 'a second key. A file holds one: keep each key in a file of its own.');
    found = { text, where };
  }
  if (found === undefined) throw bad(fileName, 'it holds no key, only comments and empty lines.');
  return found;
}

/** What else a line looks like, to tell whoever took the wrong file which one it is. */
function kindOf(text: string): string | undefined {
  const lower = text.toLowerCase();
  if (lower.startsWith(`${identityPrefix}1`)) return 'an X25519 identity';
  if (lower.startsWith(`${publicPrefix}1`)) return 'an X25519 public key';
  return /^[0-9a-f]{64}$/.test(lower) ? 'a symmetric key' : undefined;
}

function parseSymmetricKey(bytes: Uint8Array, fileName: string, what: string): KeyObject {
  const { text, where } = keyLineOf(bytes, fileName);
  const key = fromHex(text);
  if (key?.length === keyLength) return secretKey(key);
  const other = kindOf(text);
  if (other !== undefined) throw bad(where, `this is ${other}, not ${what}.`);
  throw bad(where, `${what} is ${2 * keyLength} hex digits, and these ${text.length} characters are not.`);
}

/**
 * The key of a key file (docs/format.md §11.1).
 *
 * @param bytes the file's content
 * @param fileName for messages
 * @throws SealpartError `bad-key`, naming the file and the line
 */
export function parseKeyFile(bytes: Uint8Array, fileName: string): KeyObject {
  return parseSymmetricKey(bytes, fileName, 'a key file');
}

/** The origin key of a file. @throws SealpartError `bad-key`, naming the file and the line (docs/format.md §11.2). */
export function parseOriginKeyFile(bytes: Uint8Array, fileName: string): KeyObject {
  return parseSymmetricKey(bytes, fileName, 'an origin key');
}

/** The line of a key file or of an origin key's file: 64 hex digits. It is the secret itself. */
export function formatSymmetricKey(key: KeyObject): string {
  requireSymmetricKey(key, 'key');
  const bytes = key.export();
  const text = toHex(bytes);
  bytes.fill(0);
  return text;
}

/**
 * The private key of an identity file (docs/format.md §11.4).
 *
 * @throws SealpartError `bad-key`, naming the file and the line
 */
export function parseIdentityFile(bytes: Uint8Array, fileName: string): KeyObject {
  const { text, where } = keyLineOf(bytes, fileName);
  const decoded = text === text.toUpperCase() ? decodeBech32(text) : undefined;
  if (decoded?.prefix === identityPrefix && decoded.data.length === x25519KeyLength) {
    return x25519PrivateKey(decoded.data);
  }
  decoded?.data.fill(0);
  const other = kindOf(text);
  if (other === undefined)
    throw bad(where, `an identity starts with ${identityPrefix.toUpperCase()}1, and this does not.`);
  if (other !== 'an X25519 identity') throw bad(where, `this is ${other}, not an identity.`);
  throw bad(
    where,
    'this identity is damaged: a character is wrong, missing or not a capital. Take it from its backup.',
  );
}

/** The line of an identity file: `SEALPART-SECRET-KEY-1…`. It is the secret itself. */
export function formatIdentity(privateKey: KeyObject): string {
  requireX25519PrivateKey(privateKey, 'privateKey');
  const bytes = x25519PrivateBytes(privateKey);
  const text = encodeBech32(identityPrefix, bytes).toUpperCase();
  bytes.fill(0);
  return text;
}

/**
 * The 32 bytes of a public key written as `sealpart1…` (docs/format.md §11.3).
 *
 * @param where what to call the place it was found in, for messages
 * @throws SealpartError `bad-key`
 */
export function parsePublicKey(text: string, where: string): Uint8Array {
  const decoded = text === text.toLowerCase() ? decodeBech32(text) : undefined;
  if (decoded?.prefix !== publicPrefix || decoded.data.length !== x25519KeyLength) {
    decoded?.data.fill(0);
    const other = kindOf(text);
    if (other === undefined) throw bad(where, `a public key starts with ${publicPrefix}1, and this does not.`);
    if (other !== 'an X25519 public key') throw bad(where, `this is ${other}, not a public key. Keep it secret.`);
    throw bad(where, 'this public key is damaged: a character is wrong, missing or a capital. Ask its owner for it.');
  }
  if (!isUsablePublicKey(decoded.data)) {
    throw bad(where, 'no private key can belong to this public key. Ask its owner for the right one.');
  }
  return decoded.data;
}

/** A public key as text: `sealpart1…`. @param key 32 bytes, or the private or public KeyObject */
export function formatPublicKey(key: KeyObject | Uint8Array): string {
  return encodeBech32(publicPrefix, key instanceof Uint8Array ? key : x25519PublicBytes(key));
}

/**
 * The passphrase that a file holds: all of it but one final LF or CRLF (docs/format.md §1.23).
 *
 * @throws SealpartError `bad-key` if it is empty or not UTF-8
 */
export function parsePassphraseFile(bytes: Uint8Array, fileName: string): string {
  const passphrase = decodeFile(bytes, fileName).replace(/\r?\n$/, '');
  if (passphrase === '') throw bad(fileName, 'it holds no passphrase: write one into it.');
  return passphrase;
}
