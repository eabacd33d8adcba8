import { assert } from '../assert.ts';
import { SealpartError } from '../errors.ts';
import { isZero } from './bytes.ts';
import { readU32, writeU32 } from './little-endian.ts';

export const indexEntryLength = 64;
export const maxIndexEntries: number = 2 ** 20;
export const maxPartNumber = 10_000;
export const maxSegmentsPerPart = 65_536;

/** One segment as the index of layout 1 lists it (docs/format.md §7). */
export interface IndexEntry {
  readonly segmentIndex: number;
  readonly contentLength: number;
  /** Segment header and frames. */
  readonly totalLength: number;
  /** 16 bytes. */
  readonly salt: Uint8Array;
  /** 32 bytes. */
  readonly digest: Uint8Array;
}

export function partSegmentIndex(partNumber: number, k: number): number {
  assert(partNumber >= 1 && partNumber <= maxPartNumber && k >= 0 && k < maxSegmentsPerPart, 'a place in a part');
  return partNumber * maxSegmentsPerPart + k;
}

export function partNumberOf(segmentIndex: number): number {
  return Math.floor(segmentIndex / maxSegmentsPerPart);
}

export function encodeIndexEntries(entries: readonly IndexEntry[]): Uint8Array {
  const bytes = new Uint8Array(entries.length * indexEntryLength);
  for (const [i, entry] of entries.entries()) {
    const offset = i * indexEntryLength;
    writeU32(bytes, offset, entry.segmentIndex);
    writeU32(bytes, offset + 4, entry.contentLength);
    writeU32(bytes, offset + 8, entry.totalLength);
    bytes.set(entry.salt, offset + 16);
    bytes.set(entry.digest, offset + 32);
  }
  return bytes;
}

/** The digests alone, which the stream digest needs before the entries themselves are judged (§6). */
export function indexedDigests(bytes: Uint8Array): Uint8Array[] {
  const digests: Uint8Array[] = [];
  for (let offset = 0; offset < bytes.length; offset += indexEntryLength) {
    digests.push(bytes.subarray(offset + 32, offset + 64));
  }
  return digests;
}

/**
 * Reads and judges the content of an index segment: order, k from 0, part numbers, reserved bytes.
 *
 * @param bytes authenticated content of the index segment, a multiple of 64.
 * @param segmentSizeLog2 S of the stream.
 * @throws SealpartError `bad-index`, and `bad-segment` for a content_len over 2^S
 */
export function parseIndexEntries(bytes: Uint8Array, segmentSizeLog2: number): IndexEntry[] {
  assert(bytes.length % indexEntryLength === 0, 'index content is whole entries');
  const entries: IndexEntry[] = [];
  for (let offset = 0; offset < bytes.length; offset += indexEntryLength) {
    // §7.4.
    if (!isZero(bytes.subarray(offset + 12, offset + 16))) throw bad('reserved bytes are not zero');
    const entry: IndexEntry = {
      segmentIndex: readU32(bytes, offset),
      contentLength: readU32(bytes, offset + 4),
      totalLength: readU32(bytes, offset + 8),
      salt: bytes.slice(offset + 16, offset + 32),
      digest: bytes.slice(offset + 32, offset + 64),
    };
    judgeEntry(entry, entries.at(-1));
    entries.push(entry);
  }
  for (const entry of entries) {
    // §7.2.
    if (entry.contentLength > 2 ** segmentSizeLog2) {
      throw new SealpartError('bad-segment', `The index lists segment ${entry.segmentIndex} as larger than 2^S.`, {
        segment: entry.segmentIndex,
      });
    }
  }
  return entries;
}

function judgeEntry(entry: IndexEntry, before: IndexEntry | undefined): void {
  const part = partNumberOf(entry.segmentIndex);
  const k = entry.segmentIndex % maxSegmentsPerPart;
  // §7.1.
  if (part < 1 || part > maxPartNumber) throw bad(`part ${part} is outside 1 to ${maxPartNumber}`);
  if (before !== undefined && partNumberOf(before.segmentIndex) === part) {
    if (entry.segmentIndex !== before.segmentIndex + 1)
      throw bad(`the segments of part ${part} do not follow each other`);
    if (entry.contentLength === 0 || before.contentLength === 0)
      throw bad(`an empty segment stands beside others of part ${part}`);
    return;
  }
  if (before !== undefined && part < partNumberOf(before.segmentIndex))
    throw bad('its parts are not in ascending order');
  if (k !== 0) throw bad(`the first segment of part ${part} is missing`);
}

function bad(what: string): SealpartError {
  return new SealpartError('bad-index', `The index of the stream is not well-formed: ${what}.`);
}
