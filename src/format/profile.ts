import { SealpartError } from '../errors.ts';
import { segmentCount } from './schedule.ts';
import { frameSizeLog2Range, type StreamParameters, segmentSizeLog2Range } from './stream-parameters.ts';

/** The sizes of a stream, which its writer chooses (docs/format.md §2). */
export type Profile = Pick<StreamParameters, 'frameSizeLog2' | 'segmentSizeLog2' | 'segmentSizeMaxLog2' | 'growEvery'>;

/** Frame sizes by what matters most to who asks. */
export const framePresets = {
  'high-parallelism': 4096,
  balanced: 16384,
  network: 32768,
  'low-overhead': 65536,
} as const;

export type FramePreset = keyof typeof framePresets;

/** The smallest segment that can be an S3 part which is not the last: 8 MiB, as 4 MiB is under S3's minimum of 5. */
export const storeSegmentSizeLog2 = 23;
const s3MinPartBytes = 5 * 2 ** 20;
const s3MaxPartBytes = 5 * 2 ** 30;
/** S3 has 10,000 parts an object. */
export const maxSegmentsInStore = 10_000;
const standardFrameSizeLog2 = 16;
const standardGrowEvery = 1000;

/** The frame size that goes with a segment size unless another is asked for. */
export function frameSizeLog2For(segmentSizeLog2: number): number {
  if (segmentSizeLog2 <= 14) return 12;
  if (segmentSizeLog2 === 15) return 13;
  if (segmentSizeLog2 <= 18) return 14;
  return segmentSizeLog2 <= 20 ? 15 : 16;
}

export interface ProfileRequest {
  /** Bytes of content, if they are known before they are read. */
  readonly contentLength?: number | undefined;
  readonly segmentSizeBytes?: number | undefined;
  readonly frameSizeBytes?: number | undefined;
  readonly preset?: FramePreset | undefined;
  /** Segments double after so many; 0 keeps them at one size. */
  readonly growEvery?: number | undefined;
  /** Where growing ends; 1 GiB unless told, or what the memory budget allows. */
  readonly maxSegmentSizeBytes?: number | undefined;
  /** True if each segment becomes a part of a multipart upload. */
  readonly forStore: boolean;
  /** The least a part may have that is not the last: S3's 5 MiB unless told. */
  readonly minPartBytes?: number;
  /** The most a part may have: S3's 5 GiB unless told. */
  readonly maxPartBytes?: number;
  /** True if the store wants all parts of one size. */
  readonly equalParts?: boolean;
  /** The most segments there may be: a store's limit on parts. */
  readonly maxSegments?: number;
  readonly headerLen: number;
}

/**
 * Chooses sizes: what was asked for if the format allows it, else the standard profile of §2.
 *
 * @throws SealpartError `bad-parameters`, with the reason and the nearest that works
 */
export function chooseProfile(request: ProfileRequest): Profile {
  const asked = request.segmentSizeBytes;
  const segmentSizeLog2 = asked === undefined ? standardSegmentSizeLog2(request) : segmentLog2(asked);
  judgePartSize(request, segmentSizeLog2);
  const grows = chooseGrowth(request, segmentSizeLog2);
  return { frameSizeLog2: chooseFrame(request, segmentSizeLog2), segmentSizeLog2, ...grows };
}

/** Which segments, in powers of two, are parts that the store takes: header and frames stay under 1/16 of a segment. */
function partSizeLog2Range({ minPartBytes, maxPartBytes }: ProfileRequest): { least: number; most: number } {
  const least = Math.ceil(Math.log2(Math.max(1, minPartBytes ?? s3MinPartBytes)));
  const most = Math.floor(Math.log2((maxPartBytes ?? s3MaxPartBytes) * (15 / 16)));
  return { least, most: Math.min(segmentSizeLog2Range.most, most) };
}

function judgePartSize(request: ProfileRequest, segmentSizeLog2: number): void {
  if (!request.forStore) return;
  const { least, most } = partSizeLog2Range(request);
  const segment = sizeText(2 ** segmentSizeLog2);
  // §2.5.
  if (segmentSizeLog2 < least) {
    const wanted = sizeText(request.minPartBytes ?? s3MinPartBytes);
    throw refused(
      `A segment of ${segment} cannot be a part of an object: the store wants parts of ${wanted}. Take ${sizeText(2 ** least)}.`,
    );
  }
  if (segmentSizeLog2 > most) {
    const limit = sizeText(request.maxPartBytes ?? s3MaxPartBytes);
    throw refused(
      `A segment of ${segment} cannot be a part of an object: the store takes parts of ${limit} at most. Take ${sizeText(2 ** most)}.`,
    );
  }
}

function standardSegmentSizeLog2(request: ProfileRequest): number {
  const smallest = Math.max(storeSegmentSizeLog2, request.forStore ? partSizeLog2Range(request).least : 0);
  // §2.8.
  if (request.contentLength === undefined) return smallest;
  const most = request.maxSegments ?? maxSegmentsInStore;
  // §2.7.
  for (let log2 = smallest; log2 <= segmentSizeLog2Range.most; log2++) {
    const segments = Math.max(1, Math.ceil((request.contentLength + request.headerLen) / 2 ** log2));
    if (segments <= most) return log2;
  }
  throw refused(
    `${request.contentLength} bytes are more than ${most} segments of 1 GiB hold: the most is ${most * 2 ** 30 - request.headerLen}. Split the source.`,
  );
}

function segmentLog2(bytes: number): number {
  return exactLog2('segment', bytes, segmentSizeLog2Range.least, segmentSizeLog2Range.most);
}

function chooseGrowth(
  request: ProfileRequest,
  segmentSizeLog2: number,
): Pick<Profile, 'segmentSizeMaxLog2' | 'growEvery'> {
  const fixed = { segmentSizeMaxLog2: segmentSizeLog2, growEvery: 0 };
  const unknown = request.contentLength === undefined;
  const standard = unknown && request.segmentSizeBytes === undefined && request.equalParts !== true;
  const growEvery = request.growEvery ?? (standard ? standardGrowEvery : 0);
  if (growEvery === 0) return fixed;
  if (!Number.isInteger(growEvery) || growEvery < 0 || growEvery > 0xffff)
    throw refused(`Segments can grow every 1 to 65535, not ${growEvery}.`);
  // §2.6.
  if (request.equalParts === true) throw refused('This store wants parts of one size: segments cannot grow.');
  const asked =
    request.maxSegmentSizeBytes === undefined ? segmentSizeLog2Range.most : segmentLog2(request.maxSegmentSizeBytes);
  const max = request.forStore ? Math.min(asked, partSizeLog2Range(request).most) : asked;
  return max <= segmentSizeLog2 ? fixed : { segmentSizeMaxLog2: max, growEvery };
}

function chooseFrame(request: ProfileRequest, segmentSizeLog2: number): number {
  const bytes = request.frameSizeBytes ?? presetBytes(request.preset);
  const standard = request.segmentSizeBytes === undefined ? standardFrameSizeLog2 : frameSizeLog2For(segmentSizeLog2);
  const log2 =
    bytes === undefined ? standard : exactLog2('frame', bytes, frameSizeLog2Range.least, frameSizeLog2Range.most);
  if (log2 > segmentSizeLog2) {
    throw refused(
      `A frame of ${sizeText(2 ** log2)} does not fit into a segment of ${sizeText(2 ** segmentSizeLog2)}: take at most the segment size.`,
    );
  }
  // §2.6.
  if (request.forStore && 2 ** log2 <= request.headerLen) {
    throw refused(
      `Frames of ${sizeText(2 ** log2)} with a stream header of ${request.headerLen} bytes would make parts of several sizes: take frames of ${sizeText(2 ** (Math.floor(Math.log2(request.headerLen)) + 1))}.`,
    );
  }
  return log2;
}

function presetBytes(preset: FramePreset | undefined): number | undefined {
  if (preset === undefined) return undefined;
  if (Object.hasOwn(framePresets, preset)) return framePresets[preset];
  throw refused(`There is no preset ${String(preset)}: take one of ${Object.keys(framePresets).join(', ')}.`);
}

/**
 * Refuses content that needs more segments than there may be.
 *
 * @throws SealpartError `bad-parameters`
 */
export function judgeSegmentCount(parameters: StreamParameters, contentLength: number, maxSegments: number): void {
  const segments = segmentCount(parameters, contentLength);
  if (segments > maxSegments) {
    throw refused(
      `${contentLength} bytes need ${segments} segments of ${sizeText(2 ** parameters.segmentSizeMaxLog2)} and there can be ${maxSegments}: take larger segments.`,
    );
  }
}

function exactLog2(what: string, bytes: number, least: number, most: number): number {
  const log2 = Math.log2(bytes);
  if (Number.isInteger(log2) && log2 >= least && log2 <= most) return log2;
  // What is no size at all has no logarithm.
  const near = Number.isNaN(log2) ? least : Math.min(most, Math.max(least, log2));
  const below = Math.floor(near);
  const above = Math.ceil(near);
  const nearest = below === above ? sizeText(2 ** below) : `${sizeText(2 ** below)} or ${sizeText(2 ** above)}`;
  throw refused(
    `A ${what} of ${sizeText(bytes)} is not possible: sizes are powers of two from ${sizeText(2 ** least)} to ${sizeText(2 ** most)}. Take ${nearest}.`,
  );
}

/** A size as people write it: `64KiB`. */
export function sizeText(bytes: number): string {
  for (const [unit, size] of [
    ['GiB', 2 ** 30],
    ['MiB', 2 ** 20],
    ['KiB', 2 ** 10],
  ] as const) {
    if (bytes >= size && bytes % (size / 4) === 0) return `${bytes / size}${unit}`;
  }
  return `${bytes} bytes`;
}

function refused(message: string): SealpartError {
  return new SealpartError('bad-parameters', message);
}
