import { SealpartError } from '../errors.ts';
import { equalBytes } from '../format/bytes.ts';
import { segmentMagic } from '../format/segment-header.ts';
import { headerStartLength, parseHeaderLength, parseStreamHeader, type StreamHeader } from '../format/stream-header.ts';
import { layouts } from '../format/stream-parameters.ts';
import { openHeader, type ReaderKeys } from '../keys/open-header.ts';
import { openIndexedTail } from './open-indexed-tail.ts';
import { cryptoOf, type OpenedStream } from './opened-stream.ts';
import type { WireInput } from './wire-input.ts';

/** One read gives any header but the rare large ones. */
const headerProbeBytes = 4096;

/**
 * Opens the stream that begins at the input's first byte: its header, and for an indexed stream the tail first.
 *
 * @throws SealpartError every refusal of docs/format.md §6 that concerns header, keys and index; `not-seekable` for an
 *   indexed stream from an input without a length; `kms-unavailable`; what the input throws
 */
export async function openStream(input: WireInput, access: ReaderKeys, signal: AbortSignal): Promise<OpenedStream> {
  if (input.size !== undefined && input.requests?.endsIndexed === true) {
    return openIndexedTail(input, input.size, access, signal);
  }
  const start = await readStart(input, signal);
  const indexedSize = judgeStart(input, start);
  if (indexedSize !== undefined) return openIndexedTail(input, indexedSize, access, signal);
  // §6.4: no key is used before the whole header has parsed.
  const header = parseStreamHeader(await completeHeader(input, start, signal));
  const opened = await openHeader(header, access, signal);
  judgeStartLayout(header);
  return { header, opened, crypto: cryptoOf(opened) };
}

/**
 * The stream header at the start of the input, believed by nobody yet: what can be said without a key.
 *
 * @throws SealpartError `truncated`, `bad-magic`, `unsupported`, `bad-header`, `crc-mismatch`; `not-seekable`
 */
export async function readHeader(input: WireInput, signal: AbortSignal): Promise<StreamHeader> {
  const start = await readStart(input, signal);
  judgeStart(input, start);
  const header = parseStreamHeader(await completeHeader(input, start, signal));
  judgeStartLayout(header);
  return header;
}

/** §7.12: a reader who has the keys uses them first. */
function judgeStartLayout({ core }: StreamHeader): void {
  if (core.parameters.layout === layouts.scheduled) return;
  throw new SealpartError(
    'bad-header',
    'The header of an indexed stream stands at the start, where no reader expects it.',
  );
}

/**
 * Which layout the first bytes speak of (§7.10). Both magics begin alike, and an input that ends there is truncated.
 *
 * @returns the input's size where it is an indexed stream
 */
function judgeStart(input: WireInput, start: Uint8Array): number | undefined {
  const shared = Math.min(start.length, segmentMagic.length);
  if (shared === 0 || !equalBytes(start.subarray(0, shared), segmentMagic.subarray(0, shared))) return undefined;
  if (shared < segmentMagic.length) {
    throw new SealpartError('truncated', `${input.name} ends inside the magic bytes of a stream.`);
  }
  if (input.size === undefined) throw notSeekable(input.name);
  return input.size;
}

/** True if the input starts like an indexed stream (§7). */
export async function startsIndexed(input: WireInput, signal: AbortSignal): Promise<boolean> {
  if (input.requests?.endsIndexed === true) return true;
  const bytes = new Uint8Array(segmentMagic.length);
  const count = await input.readAt(0, bytes, signal);
  return equalBytes(bytes.subarray(0, count), segmentMagic);
}

async function readStart(input: WireInput, signal: AbortSignal): Promise<Uint8Array> {
  const { size, requests } = input;
  // An input of which reads cost requests has fetched the beginning already, or of it the header alone.
  const inTwoReads = size === undefined || requests !== undefined;
  const bytes = new Uint8Array(inTwoReads ? headerStartLength : Math.min(size, headerProbeBytes));
  return bytes.subarray(0, await input.readAt(0, bytes, signal));
}

async function completeHeader(input: WireInput, start: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
  const headerLen = parseHeaderLength(start);
  if (headerLen <= start.length) return start;
  const whole = new Uint8Array(headerLen);
  whole.set(start);
  const count = await input.readAt(start.length, whole.subarray(start.length), signal);
  return whole.subarray(0, start.length + count);
}

/** §7.11: whoever has such an input spools it first. */
function notSeekable(name: string): SealpartError {
  return new SealpartError(
    'not-seekable',
    `${name} is an indexed stream, which is judged from its end: store it in a file first, and decrypt that.`,
  );
}
