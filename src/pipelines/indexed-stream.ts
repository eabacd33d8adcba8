import type { FreshSalts } from '../crypto/fresh-salts.ts';
import { streamDigestOf } from '../crypto/segment-digest.ts';
import { SealpartError, throwIfAborted } from '../errors.ts';
import { concatBytes, joinBytes } from '../format/bytes.ts';
import { encodeFooter } from '../format/footer.ts';
import { encodeIndexEntries, type IndexEntry, maxIndexEntries, parseIndexEntries } from '../format/index-entries.ts';
import { indexSegmentIndex } from '../format/judge-segment-header.ts';
import { segmentFlags } from '../format/segment-header.ts';
import type { StreamHeader } from '../format/stream-header.ts';
import type { EncryptedSegment } from '../segments/encrypt-segment.ts';
import { encryptSmallSegment } from '../segments/encrypt-small-segment.ts';
import type { StreamCrypto } from '../segments/stream-crypto.ts';
import { encryptSegments, partNumbering, type SegmentsRun } from './encrypt-segments.ts';

export interface PartRun extends Omit<SegmentsRun, 'numbering' | 'minPartBytes'> {
  readonly partNumber: number;
  /** Content of the part's k-th segment, if it is not the part's last. */
  readonly capacity: (k: number) => number;
}

/**
 * Encrypts one part of an indexed stream (docs/format.md §7). Parts may be encrypted in any order, and again; the
 * entries that the index is given decide which attempt counts.
 *
 * @returns the index entries of the part's segments, in order
 */
export async function encryptPart(run: PartRun, signal: AbortSignal): Promise<IndexEntry[]> {
  const entries: IndexEntry[] = [];
  await encryptSegments(
    {
      ...run,
      minPartBytes: 0,
      numbering: partNumbering(run.partNumber, run.capacity),
      emit: async (segment, inner) => {
        entries.push(entryOf(segment));
        await run.emit(segment, inner);
      },
    },
    signal,
  );
  return entries.sort((a, b) => a.segmentIndex - b.segmentIndex);
}

function entryOf({ facts, digest, bytes }: EncryptedSegment): IndexEntry {
  const { segmentIndex, contentLength, salt } = facts;
  return { segmentIndex, contentLength, totalLength: bytes.length, salt, digest };
}

/** The end of an indexed stream. */
export interface IndexedTail {
  /** Index segment, stream header and footer. */
  readonly bytes: Uint8Array;
  /** 32 bytes: the stream's name. */
  readonly streamDigest: Uint8Array;
}

/**
 * Makes the end of an indexed stream from the entries of all of its parts, in stream order.
 *
 * @throws SealpartError `bad-parameters` if there are none or too many, `bad-index` if they do not make a stream
 */
export async function sealIndexedTail(
  stream: StreamCrypto,
  header: StreamHeader,
  entries: readonly IndexEntry[],
  salts: FreshSalts,
  signal: AbortSignal,
): Promise<IndexedTail> {
  if (entries.length === 0 || entries.length > maxIndexEntries) {
    throw new SealpartError(
      'bad-parameters',
      `An indexed stream has 1 to ${maxIndexEntries} segments, not ${entries.length}.`,
    );
  }
  const content = encodeIndexEntries(entries);
  // Judged as a reader will: an index that nobody can read would lose the object.
  parseIndexEntries(content, stream.parameters.segmentSizeLog2);
  const others = joinBytes(entries.map(({ digest }) => digest));
  const streamDigest = (own: Uint8Array): Uint8Array =>
    streamDigestOf(stream.coreHash, entries.length + 1, concatBytes(others, own));
  const facts = { segmentIndex: indexSegmentIndex, flags: segmentFlags.final | segmentFlags.index };
  throwIfAborted(signal);
  const index = encryptSmallSegment(stream, facts, content, salts, streamDigest);
  const footer = encodeFooter({ indexTotalLength: index.bytes.length, headerLen: header.bytes.length });
  // §7.5.
  return { bytes: concatBytes(index.bytes, header.bytes, footer), streamDigest: streamDigest(index.digest) };
}
