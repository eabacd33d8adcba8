import { crc32 } from 'node:zlib';
import { assert } from '../assert.ts';
import { SealpartError } from '../errors.ts';
import { concatBytes, isZero } from './bytes.ts';
import { encodeFields, type HeaderField, parseFields } from './header-fields.ts';
import { readU16, readU32, writeU16, writeU32 } from './little-endian.ts';
import { coreLength, encodeCore, needHeaderBytes, parseCore, type StreamCore } from './stream-core.ts';

const fieldsOffset = 108;
const macLength = 32;
const trailerLength = 4 + macLength;
/** What a header takes beside its fields: core, fields_len, reserved, CRC-32 and MAC. */
export const headerOverhead: number = fieldsOffset + trailerLength;
/** So many bytes tell how long the whole header is. */
export const headerStartLength: number = fieldsOffset;

/** A stream header as it stands (docs/format.md §1). Until its MAC was checked, nothing in it is to be believed. */
export interface StreamHeader {
  readonly core: StreamCore;
  readonly fields: readonly HeaderField[];
  /** All header_len bytes. */
  readonly bytes: Uint8Array;
}

/**
 * Lays a header out, with its CRC-32 and 32 zero bytes where the MAC belongs. Keys are another layer's business.
 *
 * @throws SealpartError `bad-parameters` if the fields do not fit into header_len
 */
export function layOutHeader(core: StreamCore, fields: readonly HeaderField[]): Uint8Array {
  const headerLen = core.parameters.headerLen;
  const encoded = encodeFields(fields);
  if (headerOverhead + encoded.length > headerLen) {
    throw new SealpartError(
      'bad-parameters',
      `Recipients and context take ${encoded.length} bytes and a header of ${headerLen} bytes has room for ` +
        `${headerLen - headerOverhead}: take fewer, or a longer header.`,
    );
  }
  const bytes = new Uint8Array(headerLen);
  bytes.set(encodeCore(core), 0);
  writeU16(bytes, coreLength, encoded.length);
  bytes.set(encoded, fieldsOffset);
  writeU32(bytes, headerLen - trailerLength, crc32(bytes.subarray(0, headerLen - trailerLength)));
  return bytes;
}

/** Everything that the MAC covers: every byte before it. */
export function macInput(header: Uint8Array): Uint8Array {
  return header.subarray(0, header.length - macLength);
}

export function macOf(header: Uint8Array): Uint8Array {
  return header.subarray(header.length - macLength);
}

/** A header with its MAC in place. */
export function withMac(header: Uint8Array, mac: Uint8Array): Uint8Array {
  assert(mac.length === macLength, 'a header MAC has 32 bytes');
  return concatBytes(macInput(header), mac);
}

/**
 * How long the header is, from its first headerStartLength bytes; all that can be refused by then is.
 *
 * @throws SealpartError `truncated`, `bad-magic`, `unsupported`, `bad-header`
 */
export function parseHeaderLength(start: Uint8Array): number {
  const { headerLen } = parseCore(start).parameters;
  needHeaderBytes(start, coreLength + 2);
  const fieldsLength = readU16(start, coreLength);
  // §1.9.
  if (headerOverhead + fieldsLength > headerLen) {
    throw new SealpartError('bad-header', 'The stream header is not well-formed: its fields are longer than itself.');
  }
  return headerLen;
}

/**
 * Reads a whole header in the order of §6: core, lengths, CRC-32, fields, padding.
 *
 * @param bytes the input from the header's first byte on; what follows the header is not looked at.
 * @throws SealpartError `truncated`, `bad-magic`, `unsupported`, `bad-header`, `crc-mismatch`
 */
export function parseStreamHeader(bytes: Uint8Array): StreamHeader {
  const headerLen = parseHeaderLength(bytes);
  needHeaderBytes(bytes, headerLen);
  const own = bytes.slice(0, headerLen);
  const crcOffset = headerLen - trailerLength;
  // §1.8.
  if (crc32(own.subarray(0, crcOffset)) !== readU32(own, crcOffset)) {
    throw new SealpartError(
      'crc-mismatch',
      'The stream header is damaged: its CRC-32 differs. Fetch it again, or restore it from another copy.',
    );
  }
  if (!isZero(own.subarray(coreLength + 2, fieldsOffset))) {
    throw new SealpartError('bad-header', 'The stream header is not well-formed: reserved bytes are not zero.');
  }
  const fieldsEnd = fieldsOffset + readU16(own, coreLength);
  const fields = parseFields(own.subarray(fieldsOffset, fieldsEnd));
  if (!isZero(own.subarray(fieldsEnd, crcOffset))) {
    throw new SealpartError('bad-header', 'The stream header is not well-formed: its padding is not zero.');
  }
  return { core: parseCore(own), fields, bytes: own };
}
