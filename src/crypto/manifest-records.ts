import type { KeyObject } from 'node:crypto';
import { assert } from '../assert.ts';
import { concatBytes, joinBytes, textBytes } from '../format/bytes.ts';
import { u16, u32 } from '../format/little-endian.ts';
import { equalSecret } from './equal-secret.ts';
import { hmacSha256 } from './hkdf.ts';
import { sha256 } from './sha256.ts';

const labels = {
  part: textBytes('sealpart/2 part'),
  upload: textBytes('sealpart/2 upload'),
};

/** Random bytes that name one attempt at a part, fresh each time it is sealed (docs/format.md §10.3). */
export const attemptLength = 8;

/** A segment as its part's record lists it; an index entry is one too. */
export interface RecordedSegment {
  readonly segmentIndex: number;
  readonly contentLength: number;
  /** Segment header and frames. */
  readonly totalLength: number;
  /** 16 bytes. */
  readonly salt: Uint8Array;
  /** 32 bytes. */
  readonly digest: Uint8Array;
}

/** What a manifest keeps of a part that is stored (docs/format.md §10). */
export interface PartRecord {
  readonly partNumber: number;
  /** 8 bytes. */
  readonly attempt: Uint8Array;
  readonly segments: readonly RecordedSegment[];
  /** As the store gave it, without its quotes (§10.5). */
  readonly etag: string;
  /** `name=base64`, several joined by commas in ascending order; empty if there is none. */
  readonly checksum: string;
  /** As stored, which is encrypted; empty if there is none. */
  readonly clientEtag: Uint8Array;
  /** As stored, which is encrypted; empty if there are none. */
  readonly clientChecksums: Uint8Array;
}

/** What a manifest keeps of an upload and never changes. State, epoch and lease are under no MAC. */
export interface UploadRecord {
  /** All bytes of the stream header. */
  readonly streamHeader: Uint8Array;
  readonly uploadId: string;
  readonly bucket: string;
  readonly key: string;
  /** What the source was when the upload began. */
  readonly sourceFingerprint: string;
}

/** docs/format.md §10.1. */
export function partMac(manifestKey: KeyObject, coreHash: Uint8Array, part: PartRecord): Uint8Array {
  assert(part.attempt.length === attemptLength, 'an attempt has 8 bytes');
  return hmacSha256(
    manifestKey,
    labels.part,
    coreHash,
    u32(part.partNumber),
    part.attempt,
    u32(part.segments.length),
    joinBytes(part.segments.map(encodeSegment)),
    prefixed(textBytes(part.etag)),
    prefixed(textBytes(part.checksum)),
    prefixed(part.clientEtag),
    prefixed(part.clientChecksums),
  );
}

/** True if the record is as its writer made it, in constant time (docs/format.md §10.6). */
export function partMacMatches(
  manifestKey: KeyObject,
  coreHash: Uint8Array,
  part: PartRecord,
  mac: Uint8Array,
): boolean {
  return equalSecret(partMac(manifestKey, coreHash, part), mac);
}

/** docs/format.md §10.4. */
export function uploadMac(manifestKey: KeyObject, coreHash: Uint8Array, upload: UploadRecord): Uint8Array {
  return hmacSha256(
    manifestKey,
    labels.upload,
    coreHash,
    sha256(upload.streamHeader),
    prefixed(textBytes(upload.uploadId)),
    prefixed(textBytes(upload.bucket)),
    prefixed(textBytes(upload.key)),
    prefixed(textBytes(upload.sourceFingerprint)),
  );
}

/** True if the record is as its writer made it, in constant time. */
export function uploadMacMatches(
  manifestKey: KeyObject,
  coreHash: Uint8Array,
  upload: UploadRecord,
  mac: Uint8Array,
): boolean {
  return equalSecret(uploadMac(manifestKey, coreHash, upload), mac);
}

function encodeSegment(segment: RecordedSegment): Uint8Array {
  assert(segment.salt.length === 16 && segment.digest.length === 32, 'a salt of 16 bytes and a digest of 32');
  return concatBytes(
    u32(segment.segmentIndex),
    u32(segment.contentLength),
    u32(segment.totalLength),
    segment.salt,
    segment.digest,
  );
}

function prefixed(bytes: Uint8Array): Uint8Array {
  // A length that wrapped around would let two records have one MAC.
  assert(bytes.length <= 0xffff, 'a text of a manifest record has 65,535 bytes at most');
  return concatBytes(u16(bytes.length), bytes);
}
