import { assert } from '../assert.ts';
import { SealpartError } from '../errors.ts';
import { readU32, writeU32 } from './little-endian.ts';

export const indexEntryLength = 64;
const digestLength = 32;
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

/** Entries in stream order, and how many there are. */
export interface EntryList extends Iterable<IndexEntry> {
  readonly length: number;
}

export function encodeIndexEntries(entries: EntryList): Uint8Array {
  const bytes = new Uint8Array(entries.length * indexEntryLength);
  let offset = 0;
  for (const entry of entries) {
    writeU32(bytes, offset, entry.segmentIndex);
    writeU32(bytes, offset + 4, entry.contentLength);
    writeU32(bytes, offset + 8, entry.totalLength);
    bytes.set(entry.salt, offset + 16);
    bytes.set(entry.digest, offset + 32);
    offset += indexEntryLength;
  }
  return bytes;
}

/**
 * The digests alone, and the index segment's own behind them: what the stream digest is made of, before the entries
 * themselves are judged (§6).
 */
export function indexedDigests(bytes: Uint8Array, own: Uint8Array): Uint8Array {
  const digests = new Uint8Array((bytes.length / indexEntryLength) * digestLength + own.length);
  let end = 0;
  for (let offset = 0; offset < bytes.length; offset += indexEntryLength, end += digestLength) {
    digests.set(bytes.subarray(offset + 32, offset + 64), end);
  }
  digests.set(own, end);
  return digests;
}

/**
 * The entries of an index that was judged. They stay the bytes that they are, since there can be 2^20 of them: each is
 * made an object of when it is asked for, and its salt and digest are views of those bytes.
 */
export class IndexEntries implements EntryList {
  /** All of their content_len. */
  readonly contentLength: number;
  /** All of their total_len: where the index segment begins. */
  readonly totalLength: number;
  readonly #bytes: Uint8Array;

  /** @param bytes whole entries; not changed any more. */
  constructor(bytes: Uint8Array) {
    assert(bytes.length % indexEntryLength === 0, 'index content is whole entries');
    let contentLength = 0;
    let totalLength = 0;
    for (let offset = 0; offset < bytes.length; offset += indexEntryLength) {
      contentLength += readU32(bytes, offset + 4);
      totalLength += readU32(bytes, offset + 8);
    }
    this.contentLength = contentLength;
    this.totalLength = totalLength;
    this.#bytes = bytes;
  }

  get length(): number {
    return this.#bytes.length / indexEntryLength;
  }

  *[Symbol.iterator](): Generator<IndexEntry> {
    for (let offset = 0; offset < this.#bytes.length; offset += indexEntryLength) {
      yield {
        segmentIndex: readU32(this.#bytes, offset),
        contentLength: readU32(this.#bytes, offset + 4),
        totalLength: readU32(this.#bytes, offset + 8),
        salt: this.#bytes.subarray(offset + 16, offset + 32),
        digest: this.#bytes.subarray(offset + 32, offset + 64),
      };
    }
  }
}

/**
 * Judges the content of an index segment: order, k from 0, part numbers, reserved bytes.
 *
 * @param bytes authenticated content of the index segment, a multiple of 64.
 * @param segmentSizeLog2 S of the stream.
 * @throws SealpartError `bad-index`, and `bad-segment` for a content_len over 2^S
 */
export function parseIndexEntries(bytes: Uint8Array, segmentSizeLog2: number): IndexEntries {
  const entries = new IndexEntries(bytes);
  for (let offset = 0; offset < bytes.length; offset += indexEntryLength) judgeEntry(bytes, offset);
  for (let offset = 0; offset < bytes.length; offset += indexEntryLength) {
    // §7.2.
    if (readU32(bytes, offset + 4) <= 2 ** segmentSizeLog2) continue;
    const segment = readU32(bytes, offset);
    throw new SealpartError('bad-segment', `The index lists segment ${segment} as larger than 2^S.`, { segment });
  }
  return entries;
}

/** Judges an entry by those before it. */
function judgeEntry(bytes: Uint8Array, offset: number): void {
  // §7.4.
  if (readU32(bytes, offset + 12) !== 0) throw bad('reserved bytes are not zero');
  const segmentIndex = readU32(bytes, offset);
  const part = partNumberOf(segmentIndex);
  // §7.1.
  if (part < 1 || part > maxPartNumber) throw bad(`part ${part} is outside 1 to ${maxPartNumber}`);
  const before = offset - indexEntryLength;
  const indexBefore = before < 0 ? 0 : readU32(bytes, before);
  if (partNumberOf(indexBefore) === part) {
    if (segmentIndex !== indexBefore + 1) throw bad(`the segments of part ${part} do not follow each other`);
    if (readU32(bytes, offset + 4) === 0 || readU32(bytes, before + 4) === 0)
      throw bad(`an empty segment stands beside others of part ${part}`);
    return;
  }
  if (part < partNumberOf(indexBefore)) throw bad('its parts are not in ascending order');
  if (segmentIndex % maxSegmentsPerPart !== 0) throw bad(`the first segment of part ${part} is missing`);
}

function bad(what: string): SealpartError {
  return new SealpartError('bad-index', `The index of the stream is not well-formed: ${what}.`);
}
