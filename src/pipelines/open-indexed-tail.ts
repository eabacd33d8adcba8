import { streamDigestOf } from '../crypto/segment-digest.ts';
import { SealpartError } from '../errors.ts';
import { equalBytes } from '../format/bytes.ts';
import { type Footer, footerLength, parseFooter } from '../format/footer.ts';
import { indexEntryLength, indexedDigests, parseIndexEntries } from '../format/index-entries.ts';
import { indexPlace, indexSegmentIndex, judgeSegmentHeader } from '../format/judge-segment-header.ts';
import { parseSegmentHeader, type SegmentHeader, segmentHeaderLength } from '../format/segment-header.ts';
import { parseHeaderLength, parseStreamHeader, type StreamHeader } from '../format/stream-header.ts';
import { layouts } from '../format/stream-parameters.ts';
import { openHeader, type ReaderKeys } from '../keys/open-header.ts';
import { decryptSmallSegment, smallSegmentMemoryBytes } from '../segments/decrypt-small-segment.ts';
import type { StreamCrypto } from '../segments/stream-crypto.ts';
import { cryptoOf, type OpenedStream, type StreamIndex, type UnreadIndex } from './opened-stream.ts';
import type { WireInput } from './wire-input.ts';

/** One read of the tail gives header, index and footer of any stream of up to about 900 segments. */
const tailProbeBytes = 64 * 1024;

/** What is fetched on a footer's word alone, which nobody has authenticated. */
const mostUnjudgedBytes = 2 ** 20;

/** Where the three pieces of an indexed stream's tail stand (docs/format.md §7). */
export interface TailPlaces {
  readonly footer: Footer;
  readonly headerPosition: number;
  readonly indexPosition: number;
}

/**
 * Judges an indexed stream tail first: footer, header, the index segment's header; and when the index is read, its
 * frames, stream digest, content, lengths.
 *
 * @throws SealpartError as openStream does
 */
export async function openIndexedTail(
  input: WireInput,
  size: number,
  access: ReaderKeys,
  signal: AbortSignal,
): Promise<OpenedStream> {
  const tail = await Tail.open(input, size, signal);
  const { header, places } = await readTailHeader(tail, size, signal);
  if (tail.start - places.indexPosition <= mostUnjudgedBytes) {
    await input.requests?.prefetch([{ start: places.indexPosition, end: tail.start }], signal);
  }
  const opened = await openHeader(header, access, signal);
  judgeTailLayout(header);
  const crypto = cryptoOf(opened);
  return { header, opened, crypto, index: await openIndex(tail, places, crypto, signal) };
}

/** Header and footer of an indexed stream. */
export interface TailHeader {
  readonly header: StreamHeader;
  readonly places: TailPlaces;
}

/**
 * The header at the end of an indexed stream, and where its footer says that things are: believed by nobody yet.
 *
 * @throws SealpartError `truncated`, `bad-index` and what a stream header is refused with
 */
export async function readIndexedHeader(input: WireInput, size: number, signal: AbortSignal): Promise<TailHeader> {
  const tail = await readTailHeader(await Tail.open(input, size, signal), size, signal);
  judgeTailLayout(tail.header);
  return tail;
}

/** §7.12: a reader who has the keys uses them first. */
function judgeTailLayout({ core }: StreamHeader): void {
  if (core.parameters.layout !== layouts.indexed) throw bad('the header at its end is that of a scheduled stream');
}

async function readTailHeader(tail: Tail, size: number, signal: AbortSignal): Promise<TailHeader> {
  const places = placesOf(parseFooter(await tail.slice(size - footerLength, footerLength, signal)), size);
  const bytes = await tail.slice(places.headerPosition, places.footer.headerLen, signal);
  if (parseHeaderLength(bytes) !== places.footer.headerLen) throw bad('its footer and its header differ in header_len');
  return { header: parseStreamHeader(bytes), places };
}

function placesOf(footer: Footer, size: number): TailPlaces {
  const headerPosition = size - footerLength - footer.headerLen;
  const indexPosition = headerPosition - footer.indexTotalLength;
  if (indexPosition < 0 || footer.indexTotalLength < segmentHeaderLength) {
    throw bad('its footer names lengths that the input does not have');
  }
  return { footer, headerPosition, indexPosition };
}

async function openIndex(
  tail: Tail,
  places: TailPlaces,
  crypto: StreamCrypto,
  signal: AbortSignal,
): Promise<UnreadIndex> {
  const { indexPosition, footer } = places;
  const header = parseSegmentHeader(await tail.slice(indexPosition, segmentHeaderLength, signal), indexSegmentIndex);
  judgeSegmentHeader(header, crypto.parameters, indexPlace);
  // Judged before anything of that length is allocated: what the header claims has to be what the footer left room for.
  if (segmentHeaderLength + header.wireLength !== footer.indexTotalLength) {
    throw bad('its footer and its index differ in total_len');
  }
  const digestsBytes = (header.contentLength / indexEntryLength + 1) * 32;
  return {
    memoryBytes: smallSegmentMemoryBytes(header, crypto) + digestsBytes,
    read: (readSignal) => readIndex(tail, indexPosition, header, crypto, readSignal),
  };
}

async function readIndex(
  tail: Tail,
  indexPosition: number,
  header: SegmentHeader,
  crypto: StreamCrypto,
  signal: AbortSignal,
): Promise<StreamIndex> {
  const { parameters, coreHash } = crypto;
  const framesStart = indexPosition + segmentHeaderLength;
  tail.planReads(framesStart, framesStart + header.wireLength);
  const readFrames = (offset: number, target: Uint8Array): Promise<void> =>
    tail.read(framesStart + offset, target, signal);
  const index = await decryptSmallSegment(crypto, header, readFrames, signal);
  const digests = indexedDigests(index.content, index.digest);
  const streamDigest = streamDigestOf(coreHash, digests.length / 32, digests);
  // §6.10, §7.9: the stream digest comes before what the entries say.
  if (!equalBytes(streamDigest, index.streamDigest)) {
    throw new SealpartError('stream-digest-mismatch', 'The index does not have the stream digest that it carries.', {
      segment: indexSegmentIndex,
    });
  }
  const entries = parseIndexEntries(index.content, parameters.segmentSizeLog2);
  // §7.7.
  if (entries.totalLength !== indexPosition) throw bad('its segments do not add up to the length of the input');
  return { entries, streamDigest };
}

/** The end of an input, of which one read is kept. */
class Tail {
  readonly start: number;
  readonly #input: WireInput;
  readonly #bytes: Uint8Array;

  private constructor(input: WireInput, start: number, bytes: Uint8Array) {
    this.#input = input;
    this.start = start;
    this.#bytes = bytes;
  }

  static async open(input: WireInput, size: number, signal: AbortSignal): Promise<Tail> {
    if (size < footerLength) {
      throw new SealpartError('truncated', `${input.name} ends before the footer of an indexed stream.`);
    }
    const start = Math.max(0, size - tailProbeBytes);
    await input.requests?.prefetch([{ start, end: size }], signal);
    const bytes = new Uint8Array(size - start);
    await fill(input, start, bytes, signal);
    return new Tail(input, start, bytes);
  }

  /** What will be read, if it was not before: where reads cost requests, all of it is one. */
  planReads(start: number, end: number): void {
    if (start < this.start) this.#input.requests?.planReads([{ start, end }], Number.POSITIVE_INFINITY);
  }

  async read(position: number, target: Uint8Array, signal: AbortSignal): Promise<void> {
    if (position < this.start) await fill(this.#input, position, target, signal);
    else target.set(this.#bytes.subarray(position - this.start, position - this.start + target.length));
  }

  /** A few bytes: of what was read before, without a copy. */
  async slice(position: number, length: number, signal: AbortSignal): Promise<Uint8Array> {
    if (position >= this.start) return this.#bytes.subarray(position - this.start, position - this.start + length);
    const bytes = new Uint8Array(length);
    await fill(this.#input, position, bytes, signal);
    return bytes;
  }
}

async function fill(input: WireInput, position: number, target: Uint8Array, signal: AbortSignal): Promise<void> {
  if ((await input.readAt(position, target, signal)) === target.length) return;
  throw new SealpartError('truncated', `${input.name} became shorter while it was read.`);
}

function bad(what: string): SealpartError {
  return new SealpartError('bad-index', `The indexed stream is not well-formed: ${what}.`);
}
