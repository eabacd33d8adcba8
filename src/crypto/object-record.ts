import type { KeyObject } from 'node:crypto';
import { concatBytes, textBytes } from '../format/bytes.ts';
import { tagLength } from '../format/frame-header.ts';
import { u16 } from '../format/little-endian.ts';
import { type StreamParameters, suites } from '../format/stream-parameters.ts';
import { nodeAead } from './aead.ts';
import { freshBytes } from './fresh-bytes.ts';
import { hkdfExpand } from './hkdf.ts';
import { decodeObjectFields, encodeObjectFields } from './object-fields.ts';
import { objectNameHash } from './object-name.ts';

/** What is known of an object whose stream was written or read whole. */
export interface ObjectRecord {
  /** As the store has it, in bytes. */
  readonly sizeBytes: number;
  /** 16 bytes. */
  readonly streamId: Uint8Array;
  readonly contentLength: number;
  /** The ETag that clients are told: MD5 of the content in hex, of MD5s with `-N`, or an opaque one. Without quotes. */
  readonly etag: string;
  /** Checksums of the content that a client chose, in base64 by S3's name of the algorithm: `CRC32C`. */
  readonly checksums: Readonly<Record<string, string>>;
  /** Suite, digest, layout, sizes, header_len, compression: places in the stream follow from them. */
  readonly parameters: StreamParameters;
  /** 32 bytes. */
  readonly streamDigest: Uint8Array;
  /** 16 bytes: the salt of the FINAL segment. */
  readonly finalSalt: Uint8Array;
  /** Parts that a client made it of; 0 for an object that was put whole. */
  readonly partCount: number;
}

/** What a record is bound to. */
export interface RecordSubject {
  /** The name that the object's stream is bound to: replicas of a bucket share it. */
  readonly logicalBucket: string;
  readonly key: string;
  /** The store's, without quotes; empty for a record in the object's own metadata, which is written before there is one. */
  readonly etag: string;
}

const label = textBytes('sealpart/2 record');
const saltLength = 16;
const zeroNonce = new Uint8Array(12);
const maxEtagBytes = 0xffff;

/** The most bytes of a sealed record: as base64url, which metadata takes, they stay under 400 characters. */
export const mostRecordBytes = 299;

/**
 * Seals a record for a table, or for the object's own metadata (docs/object-records.md).
 *
 * @param recordKey as StreamKeys.recordKey gives it
 * @throws RangeError for what a record cannot hold; SealpartError `bad-name`, `io` if the random source cannot be trusted
 */
export function sealObjectRecord(recordKey: KeyObject, subject: RecordSubject, record: ObjectRecord): Uint8Array {
  const fields = encodeObjectFields(record, mostRecordBytes - saltLength - tagLength);
  const sealed = new Uint8Array(saltLength + fields.length + tagLength);
  const salt = freshBytes(saltLength);
  sealed.set(salt);
  // The key depends on the salt, so that the nonce may stay zero.
  const key = hkdfExpand(recordKey, label, salt);
  nodeAead.encrypt(suites.aesGcm, key, zeroNonce, aadOf(subject), fields, sealed.subarray(saltLength));
  return sealed;
}

/**
 * The record, or undefined if these bytes are none: damaged, forged, sealed with another key, for another object or
 * another ETag, or of a version that is yet to come.
 *
 * @throws SealpartError `bad-name`
 */
export function openObjectRecord(
  recordKey: KeyObject,
  subject: RecordSubject,
  sealed: Uint8Array,
): ObjectRecord | undefined {
  if (sealed.length <= saltLength + tagLength || sealed.length > mostRecordBytes) return undefined;
  const key = hkdfExpand(recordKey, label, sealed.subarray(0, saltLength));
  const message = sealed.subarray(saltLength);
  const fields = nodeAead.decrypt(suites.aesGcm, key, zeroNonce, aadOf(subject), message);
  return fields === undefined ? undefined : decodeObjectFields(fields);
}

function aadOf({ logicalBucket, key, etag }: RecordSubject): Uint8Array {
  const etagBytes = textBytes(etag);
  if (etagBytes.length > maxEtagBytes) throw new RangeError(`an ETag has ${maxEtagBytes} bytes at most`);
  return concatBytes(label, objectNameHash(logicalBucket, key), u16(etagBytes.length), etagBytes);
}
