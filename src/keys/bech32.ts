// BIP 173's checksum over text without a limit of its length, as docs/format.md §11 has it.

const alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3] as const;
const checksumLength = 6;

/** Text that carries bytes under a readable prefix. */
export interface Bech32 {
  /** In lower case, whatever the case of the text. */
  readonly prefix: string;
  readonly data: Uint8Array;
}

function checksumOf(values: Iterable<number>): number {
  let sum = 1;
  for (const value of values) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ value;
    for (const [i, generator] of generators.entries()) if ((top >>> i) & 1) sum ^= generator;
  }
  return sum;
}

function expandPrefix(prefix: string): number[] {
  const codes = [...prefix].map((character) => character.charCodeAt(0));
  return [...codes.map((code) => code >>> 5), 0, ...codes.map((code) => code & 31)];
}

function isPrintable(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}

/** The bytes in groups of five bits, the last one filled with zeros. */
function toGroups(data: Uint8Array): number[] {
  const groups: number[] = [];
  let held = 0;
  let bits = 0;
  for (const byte of data) {
    held = ((held << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) groups.push((held >>> (bits - 5)) & 31);
  }
  if (bits > 0) groups.push((held << (5 - bits)) & 31);
  return groups;
}

/** The bytes of groups of five bits, or undefined if what fills the last one is not the only way to fill it. */
function fromGroups(groups: readonly number[]): Uint8Array | undefined {
  const data = new Uint8Array(Math.floor((groups.length * 5) / 8));
  let held = 0;
  let bits = 0;
  let length = 0;
  for (const group of groups) {
    held = ((held << 5) | group) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      data[length++] = held >>> bits;
    }
  }
  return bits < 5 && (held & ((1 << bits) - 1)) === 0 ? data : undefined;
}

/**
 * The text of some bytes, in lower case.
 *
 * @param prefix printable ASCII without capitals
 */
export function encodeBech32(prefix: string, data: Uint8Array): string {
  if (!isPrintable(prefix) || prefix !== prefix.toLowerCase()) {
    throw new RangeError('prefix must be printable ASCII without capitals.');
  }
  const groups = toGroups(data);
  const sum = checksumOf([...expandPrefix(prefix), ...groups, 0, 0, 0, 0, 0, 0]) ^ 1;
  const checksum = Array.from({ length: checksumLength }, (_, i) => (sum >>> (5 * (checksumLength - 1 - i))) & 31);
  return `${prefix}1${[...groups, ...checksum].map((group) => alphabet[group]).join('')}`;
}

/**
 * Reads bech32 (docs/format.md §11.5).
 *
 * @returns what the text carries, or undefined if it is not bech32: a character that does not belong, capitals mixed
 *   with small letters, or a checksum that differs
 */
export function decodeBech32(text: string): Bech32 | undefined {
  // Before any folding of case: outside ASCII there are letters that fold into it, such as the Kelvin sign.
  if (!isPrintable(text)) return undefined;
  const lower = text.toLowerCase();
  if (text !== lower && text !== text.toUpperCase()) return undefined;
  const separator = lower.lastIndexOf('1');
  const prefix = lower.slice(0, Math.max(separator, 0));
  const groups = [...lower.slice(separator + 1)].map((character) => alphabet.indexOf(character));
  if (prefix === '' || groups.length < checksumLength || groups.includes(-1)) return undefined;
  if (checksumOf([...expandPrefix(prefix), ...groups]) !== 1) return undefined;
  const data = fromGroups(groups.slice(0, -checksumLength));
  return data === undefined ? undefined : { prefix, data };
}
