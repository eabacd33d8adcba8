import { crc32 } from 'node:zlib';
import { SealpartError } from '../errors.ts';
import { equalBytes, isZero, textBytes } from './bytes.ts';
import { readU16, readU32, writeU16, writeU32 } from './little-endian.ts';

export const footerLength = 20;
const footerMagic = textBytes('SPINDEX2');

/** The last 20 bytes of an indexed stream (docs/format.md §7): a hint where header and index begin. */
export interface Footer {
  /** Bytes of the whole index segment. */
  readonly indexTotalLength: number;
  readonly headerLen: number;
}

export function encodeFooter(footer: Footer): Uint8Array {
  const bytes = new Uint8Array(footerLength);
  bytes.set(footerMagic, 0);
  writeU32(bytes, 8, footer.indexTotalLength);
  writeU16(bytes, 12, footer.headerLen);
  writeU32(bytes, 16, crc32(bytes.subarray(0, 16)));
  return bytes;
}

/**
 * @param bytes exactly the last 20 bytes of the input
 * @throws SealpartError `bad-index`
 */
export function parseFooter(bytes: Uint8Array): Footer {
  // §7.6.
  const intact =
    bytes.length === footerLength &&
    equalBytes(bytes.subarray(0, 8), footerMagic) &&
    isZero(bytes.subarray(14, 16)) &&
    crc32(bytes.subarray(0, 16)) === readU32(bytes, 16);
  if (!intact) {
    throw new SealpartError(
      'bad-index',
      'The stream does not end with its footer: it was cut, or something was added to it.',
    );
  }
  return { indexTotalLength: readU32(bytes, 8), headerLen: readU16(bytes, 12) };
}
