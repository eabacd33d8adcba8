import { SealpartError } from '../errors.ts';
import { SharedArena } from '../flow/shared-arena.ts';
import { frameOverhead } from '../format/frame-header.ts';
import { sizeText } from '../format/profile.ts';
import { contentCapacity, contentOffset, segmentCount } from '../format/schedule.ts';
import { totalLengthOf } from '../format/segment-header.ts';
import { type StreamParameters, segmentSizeLog2Range } from '../format/stream-parameters.ts';

/** What a run may use unless told: shared memory for content and frames together. */
export const defaultMemoryBytes: number = 256 * 2 ** 20;
/** Under this, not even a frame of the largest size could be held beside its plaintext. */
export const leastMemoryBytes: number = 4 * 2 ** 20;
/** Measured: what a thread and its node:crypto buffers take beside the shared memory, and what the process does. */
export const workerBytes: number = 75 * 2 ** 20;
export const processBytes: number = 150 * 2 ** 20;

/** How the byte budget of a run is divided. */
export interface MemoryPlan {
  readonly plainBytes: number;
  readonly wireBytes: number;
  /** What memory that is shared with other runs must have at least. */
  readonly least: { readonly plainBytes: number; readonly wireBytes: number };
  /** Segments that may be in flight at one time. */
  readonly segmentsInFlight: number;
  /** The most that the process will use, with the threads' own memory. */
  readonly peakBytes: number;
}

type PeakRequest = Pick<MemoryRequest, 'workers' | 'keyDerivationBytes'>;

export interface MemoryRequest {
  readonly memoryBytes: number;
  readonly workers: number;
  readonly segmentsInFlight?: number | undefined;
  /** What scrypt takes for the passphrase that is used, if one is. */
  readonly keyDerivationBytes?: number;
}

/** Without workers, this thread does what one would. Deriving a key from a passphrase is done before the rest begins. */
function peakBytesOf(sharedBytes: number, { workers, keyDerivationBytes = 0 }: PeakRequest): number {
  return processBytes + Math.max(sharedBytes + Math.max(1, workers) * workerBytes, keyDerivationBytes);
}

/**
 * Divides the budget of a run that encrypts: plain memory for some segments, the rest for what is on its way.
 *
 * @param contentLength what the source has, if that is known: segments that it never reaches take no memory.
 * @throws SealpartError `bad-parameters` if the largest segment does not fit, with the object size that would
 */
export function planEncryption(
  parameters: StreamParameters,
  contentLength: number | undefined,
  request: MemoryRequest,
): MemoryPlan {
  const largest = largestSegment(parameters, contentLength);
  // A compressed payload is plaintext too, and stands beside its content until it is encrypted.
  const copies = parameters.compression === 1 ? 2 : 1;
  const plain = SharedArena.footprint(Math.max(1, largest)) * copies;
  const wire = SharedArena.footprint(totalLengthOf(largest, parameters.frameSizeLog2));
  if (plain + wire > request.memoryBytes) throw overBudget(parameters, largest, plain + wire, request.memoryBytes);
  const segmentsInFlight = request.segmentsInFlight ?? defaultSegmentsInFlight(parameters, request.workers);
  const plainBytes = plain * plainSegments(plain, wire, segmentsInFlight, request.memoryBytes);
  const wireBytes = Math.min(request.memoryBytes - plainBytes, wire * segmentsInFlight);
  const peakBytes = peakBytesOf(plainBytes + wireBytes, request);
  return { plainBytes, wireBytes, least: { plainBytes: plain, wireBytes: wire }, segmentsInFlight, peakBytes };
}

/**
 * How many segments' plaintext there is room for: two, so that one is read while another is encrypted, and more as long
 * as that takes no more than a quarter of the budget. Measured: with two, workers wait for a file a tenth of the time.
 */
function plainSegments(plain: number, wire: number, segmentsInFlight: number, memoryBytes: number): number {
  if (2 * plain + wire > memoryBytes) return 1;
  return Math.max(2, Math.min(segmentsInFlight, Math.floor(memoryBytes / 4 / plain)));
}

function largestSegment(parameters: StreamParameters, contentLength: number | undefined): number {
  if (contentLength === undefined) return 2 ** parameters.segmentSizeMaxLog2;
  const last = segmentCount(parameters, contentLength) - 1;
  const tail = contentLength - contentOffset(parameters, last);
  return last === 0 ? tail : Math.max(contentCapacity(parameters, last - 1), tail);
}

/** Enough to keep every worker busy while others are read and written; more of them where segments are small. */
function defaultSegmentsInFlight(parameters: StreamParameters, workers: number): number {
  const fill = Math.ceil((8 * 2 ** 20) / 2 ** parameters.segmentSizeLog2);
  return Math.max(workers + 2, Math.min(64, fill));
}

function overBudget(parameters: StreamParameters, largest: number, needed: number, memoryBytes: number): SealpartError {
  const most = largestSegmentSizeLog2(memoryBytes, parameters.frameSizeLog2, parameters.compression === 1);
  const fits =
    most === undefined
      ? 'No segment size fits.'
      : `Segments of ${sizeText(2 ** most)} fit, with which an object of 10,000 parts holds ${((10_000 * 2 ** most) / 2 ** 30).toFixed(1)} GiB.`;
  return new SealpartError(
    'bad-parameters',
    `Segments of up to ${sizeText(largest)} need ${Math.ceil(needed / 2 ** 20)} MiB of memory and the budget is ` +
      `${Math.floor(memoryBytes / 2 ** 20)} MiB. ${fits} Take smaller segments or more memory.`,
  );
}

/** The largest segment that can be encrypted within a budget, or undefined if even the smallest cannot. */
export function largestSegmentSizeLog2(
  memoryBytes: number,
  frameSizeLog2: number,
  compressed: boolean,
): number | undefined {
  for (let log2: number = segmentSizeLog2Range.most; log2 >= segmentSizeLog2Range.least; log2--) {
    const plain = SharedArena.footprint(2 ** log2) * (compressed ? 2 : 1);
    if (plain + SharedArena.footprint(totalLengthOf(2 ** log2, frameSizeLog2)) <= memoryBytes) return log2;
  }
  return undefined;
}

/** What a run that decrypts asks of its budget. */
export interface DecryptionNeeds {
  readonly parameters: StreamParameters;
  /** True if segments are released only as a whole: compressed ones, or large frames to a sink that cannot take back. */
  readonly holdsSegments: boolean;
  /** Bytes of the input, where that is known: no segment is larger. */
  readonly inputBytes?: number | undefined;
}

/** Batches ahead of the one that is being released: enough for a disk or a store to answer meanwhile. */
const readAheadBytes = 32 * 2 ** 20;

/** Divides the budget of a run that decrypts. What does not fit is refused when the segment that needs it is met. */
export function planDecryption(needs: DecryptionNeeds, request: MemoryRequest): MemoryPlan {
  const { parameters: p, holdsSegments } = needs;
  const half = Math.floor(request.memoryBytes / 2);
  const bound = Math.max(2 ** 20, Math.min(readAheadBytes, needs.inputBytes ?? readAheadBytes));
  const frame = 2 ** p.frameSizeLog2 + frameOverhead;
  const wireBytes = Math.max(2 * SharedArena.footprint(frame), Math.min(half, bound));
  const segment = 2 ** Math.max(p.segmentSizeMaxLog2, p.segmentSizeLog2);
  // A compressed segment needs its payload and its content at once, and the next one wants to arrive meanwhile.
  const held = holdsSegments ? segment * (p.compression === 1 ? 4 : 2) : 0;
  const plainBytes = Math.min(request.memoryBytes - wireBytes, Math.max(wireBytes, held));
  const segmentsInFlight = Math.max(1, Math.floor(plainBytes / segment));
  const peakBytes = peakBytesOf(plainBytes + wireBytes, request);
  const least = { plainBytes: SharedArena.footprint(2 ** p.frameSizeLog2), wireBytes: SharedArena.footprint(frame) };
  return { plainBytes, wireBytes, least, segmentsInFlight, peakBytes };
}
