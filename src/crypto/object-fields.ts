import { assert } from '../assert.ts';
import { SealpartError } from '../errors.ts';
import { concatBytes, joinBytes } from '../format/bytes.ts';
import { readU16, readU64, u8, u16, u64 } from '../format/little-endian.ts';
import {
  type Compression,
  type DigestAlg,
  judgeParameters,
  type Layout,
  type StreamParameters,
  type Suite,
} from '../format/stream-parameters.ts';
import { decodeChecksums, encodeChecksums } from './object-checksums.ts';
import { decodeEtag, encodeEtag } from './object-etag.ts';
import type { ObjectRecord } from './object-record.ts';

// docs/object-records.md has the table. One record has one encoding: what decodes, encodes to the same bytes.

const version = 1;
const parametersLength = 11;
const streamIdLength = 16;
const digestLength = 32;
const saltLength = 16;
const fixedLength = 1 + parametersLength + 8 + 8 + 2 + streamIdLength + digestLength + saltLength;
const maxPartCount = 10_000;

/**
 * The plaintext of a sealed record.
 *
 * @throws RangeError for values that no record can hold, or that take more than `mostBytes` together
 */
export function encodeObjectFields(record: ObjectRecord, mostBytes: number): Uint8Array {
  const { streamId, streamDigest, finalSalt, partCount } = record;
  assert(streamId.length === streamIdLength, 'a stream id has 16 bytes');
  assert(streamDigest.length === digestLength, 'a stream digest has 32 bytes');
  assert(finalSalt.length === saltLength, 'a segment salt has 16 bytes');
  const fields = concatBytes(
    u8(version),
    encodeParameters(record.parameters),
    encodeLength('sizeBytes', record.sizeBytes),
    encodeLength('contentLength', record.contentLength),
    u16(within('partCount', partCount, maxPartCount)),
    joinBytes([streamId, streamDigest, finalSalt]),
    encodeEtag(record.etag),
    encodeChecksums(record.checksums),
  );
  if (fields.length <= mostBytes) return fields;
  throw new RangeError(`the fields of an object record take ${mostBytes} bytes at most, not ${fields.length}`);
}

/** The record, or undefined if these bytes are not the one encoding of one, or of a version that is unknown here. */
export function decodeObjectFields(bytes: Uint8Array): ObjectRecord | undefined {
  if (bytes.length <= fixedLength || bytes[0] !== version) return undefined;
  const parameters = decodeParameters(bytes.subarray(1));
  const sizeBytes = readU64(bytes, 12);
  const contentLength = readU64(bytes, 20);
  const partCount = readU16(bytes, 28);
  const isInRange = sizeBytes <= Number.MAX_SAFE_INTEGER && contentLength <= Number.MAX_SAFE_INTEGER;
  if (parameters === undefined || !isInRange || partCount > maxPartCount) return undefined;
  const etag = decodeEtag(bytes.subarray(fixedLength));
  if (etag === undefined) return undefined;
  const checksums = decodeChecksums(bytes.subarray(fixedLength + etag.lengthBytes));
  if (checksums === undefined) return undefined;
  return {
    sizeBytes: Number(sizeBytes),
    streamId: new Uint8Array(bytes.subarray(30, 46)),
    contentLength: Number(contentLength),
    etag: etag.etag,
    checksums,
    parameters,
    streamDigest: new Uint8Array(bytes.subarray(46, 78)),
    finalSalt: new Uint8Array(bytes.subarray(78, 94)),
    partCount,
  };
}

/** Bytes 9..19 of a stream header (docs/format.md §1). */
function encodeParameters(p: StreamParameters): Uint8Array {
  const { suite, digestAlg, layout, frameSizeLog2, segmentSizeLog2, segmentSizeMaxLog2, compression } = p;
  const bytes = [suite, digestAlg, layout, frameSizeLog2, segmentSizeLog2, segmentSizeMaxLog2, compression];
  const encoded = concatBytes(Uint8Array.from(bytes), u16(p.growEvery), u16(p.headerLen));
  assert(decodeParameters(encoded) !== undefined, 'the parameters of a record are those of a stream');
  return encoded;
}

function decodeParameters(bytes: Uint8Array): StreamParameters | undefined {
  const [suite = 0, digestAlg = 0, layout = 0, , , , compression = 0] = bytes;
  const isKnown = suite >= 1 && suite <= 2 && digestAlg >= 1 && digestAlg <= 3 && layout <= 1 && compression <= 1;
  if (!isKnown) return undefined;
  const parameters: StreamParameters = {
    suite: suite as Suite,
    digestAlg: digestAlg as DigestAlg,
    layout: layout as Layout,
    frameSizeLog2: bytes[3]!,
    segmentSizeLog2: bytes[4]!,
    segmentSizeMaxLog2: bytes[5]!,
    compression: compression as Compression,
    growEvery: readU16(bytes, 7),
    headerLen: readU16(bytes, 9),
  };
  try {
    judgeParameters(parameters);
    return parameters;
  } catch (error) {
    if (error instanceof SealpartError) return undefined;
    throw error;
  }
}

function encodeLength(name: string, value: number): Uint8Array {
  return u64(BigInt(within(name, value, Number.MAX_SAFE_INTEGER)));
}

function within(name: string, value: number, most: number): number {
  if (Number.isSafeInteger(value) && value >= 0 && value <= most) return value;
  throw new RangeError(`${name} of an object record must be 0 to ${most}, not ${value}`);
}
