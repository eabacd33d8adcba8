import { assert } from '../assert.ts';
import { chooseProfile, type FramePreset, judgeSegmentCount, type ProfileRequest } from '../format/profile.ts';
import {
  type Compression,
  type DigestAlg,
  digestAlgs,
  layouts,
  type StreamParameters,
  type Suite,
  suites,
} from '../format/stream-parameters.ts';
import type { HeaderContents } from '../keys/header-contents.ts';
import { headerLenFor } from '../keys/header-len.ts';
import type { Recipient } from '../keys/recipient.ts';
import { type SealedHeader, sealHeader } from '../keys/seal-header.ts';
import type { StoreLimits } from '../objects/object-store.ts';
import { largestSegmentSizeLog2, type MemoryPlan, type MemoryRequest, planEncryption } from './memory-plan.ts';

/** What a writer chooses; everything has a default that suits most. */
export interface WriteOptions extends HeaderContents {
  /** Who can open the stream: 1 to 16. */
  readonly recipients: readonly Recipient[];
  /** AES-256-GCM unless told. */
  readonly suite?: Suite | undefined;
  /** `sha256-fragments` unless told. */
  readonly digestAlg?: DigestAlg | undefined;
  /** Compresses segments that become smaller by it. */
  readonly zstd?: boolean | undefined;
  readonly segmentSizeBytes?: number | undefined;
  readonly frameSizeBytes?: number | undefined;
  readonly preset?: FramePreset | undefined;
  /** Segments double after so many; for content of unknown length 1,000 unless told. */
  readonly growEvery?: number | undefined;
  readonly maxSegmentSizeBytes?: number | undefined;
}

/** What the destination asks of the sizes. */
export type Destination = Pick<
  ProfileRequest,
  'forStore' | 'equalParts' | 'maxSegments' | 'minPartBytes' | 'maxPartBytes'
>;

/** What a store asks of them: each segment is a part there. */
export function destinationOf({ equalParts, maxParts, minPartBytes, maxPartBytes }: StoreLimits): Destination {
  return { forStore: true, equalParts, maxSegments: maxParts, minPartBytes, maxPartBytes };
}

/** A stream that can be written: its header, its keys, its sizes. */
export interface StreamToWrite extends SealedHeader {
  readonly parameters: StreamParameters;
}

export interface SealedStream extends StreamToWrite {
  readonly plan: MemoryPlan;
}

/**
 * Chooses a stream's sizes, plans its memory and seals its header.
 *
 * @throws SealpartError `bad-parameters` where sizes, budget or header contents do not fit, with what would;
 *   `kms-unavailable`, `bad-key`, `aborted`
 */
export async function sealStream(
  options: WriteOptions,
  contentLength: number | undefined,
  destination: Destination,
  memory: MemoryRequest,
  signal: AbortSignal,
): Promise<SealedStream> {
  const parameters = chooseParameters(options, contentLength, destination, memory);
  const keyDerivationBytes = Math.max(0, ...options.recipients.map(({ memoryBytes = 0 }) => memoryBytes));
  const plan = planEncryption(parameters, contentLength, { ...memory, keyDerivationBytes });
  return { ...(await sealStreamOf(parameters, options, signal)), plan };
}

/**
 * Seals the header of a stream whose sizes were chosen.
 *
 * @throws as sealStream
 */
export async function sealStreamOf(
  parameters: StreamParameters,
  { recipients, context, objectName, originKey }: WriteOptions,
  signal: AbortSignal,
): Promise<StreamToWrite> {
  // Named one by one: sealHeader also takes a source of randomness, which is no choice of a writer's.
  const sealed = await sealHeader({ parameters, recipients, context, objectName, originKey }, signal);
  return { ...sealed, parameters };
}

/**
 * What a stream's header will say of its sizes.
 *
 * @param memory what segments may grow to, where the length of the content is not known.
 * @throws SealpartError `bad-parameters` where sizes do not fit, with what would
 */
export function chooseParameters(
  options: WriteOptions,
  contentLength: number | undefined,
  destination: Destination,
  memory: Pick<MemoryRequest, 'memoryBytes'>,
): StreamParameters {
  const headerLen = headerLenFor(options.recipients, options);
  const compression = options.zstd === true ? 1 : 0;
  const request = { ...options, ...destination, contentLength, headerLen };
  const maxSegmentSizeBytes = options.maxSegmentSizeBytes ?? growthLimit(request, compression, memory);
  const parameters: StreamParameters = {
    ...chooseProfile({ ...request, maxSegmentSizeBytes }),
    suite: options.suite ?? suites.aesGcm,
    digestAlg: options.digestAlg ?? digestAlgs.sha256Fragments,
    layout: layouts.scheduled,
    compression,
    headerLen,
  };
  if (contentLength !== undefined && destination.maxSegments !== undefined) {
    judgeSegmentCount(parameters, contentLength, destination.maxSegments);
  }
  return parameters;
}

/** Where the length is unknown, segments grow as far as the budget can hold them. */
function growthLimit(
  request: ProfileRequest,
  compression: Compression,
  memory: Pick<MemoryRequest, 'memoryBytes'>,
): number | undefined {
  if (request.contentLength !== undefined) return undefined;
  const { frameSizeLog2 } = chooseProfile(request);
  const log2 = largestSegmentSizeLog2(memory.memoryBytes, frameSizeLog2, compression === 1);
  assert(log2 !== undefined, 'the least memory that a run has holds the smallest segment');
  return 2 ** log2;
}
