import { assert } from '../../assert.ts';
import { FreshSalts } from '../../crypto/fresh-salts.ts';
import { streamDigestOf } from '../../crypto/segment-digest.ts';
import { SealpartError } from '../../errors.ts';
import { segmentFlags } from '../../format/segment-header.ts';
import { headerLenRange, type StreamParameters, segmentSizeLog2Range } from '../../format/stream-parameters.ts';
import type { ObjectStore } from '../../objects/object-store.ts';
import { encryptSmallSegment } from '../../segments/encrypt-small-segment.ts';
import {
  chooseParameters,
  destinationOf,
  type StreamToWrite,
  sealStreamOf,
  type WriteOptions,
} from '../seal-stream.ts';
import { type ContentRequest, factsOf, type IntakeMachine, type StoredContent } from './content-request.ts';
import { type IntakeMemory, pieceContentBytes } from './intake-memory.ts';
import { storeSegments } from './store-segments.ts';
import { storeWhole } from './store-whole.ts';

/**
 * Encrypts content as it comes, into an object of a store. The object appears when all of it is stored and accepted, or
 * not at all. Memory is taken as content comes: a slow sender holds little, and only of what has come.
 *
 * @throws SealpartError `bad-parameters` for content that is too large, before any of it is read; WaitedTooLong;
 *   `worker`, after which nothing of the segment was sent; `source-changed`; what source, store, manifest and `accept`
 *   throw
 */
export async function storeContent(
  machine: IntakeMachine,
  request: ContentRequest,
  signal: AbortSignal,
): Promise<StoredContent> {
  const { source, store, write } = request;
  try {
    const contentLength = source.size;
    assert(contentLength !== undefined, 'content of a known size');
    const parameters = contentParameters(machine.memory, store, write, contentLength);
    const stream = await sealStreamOf(parameters, write, signal);
    const isLittle = contentLength <= 2 ** parameters.frameSizeLog2;
    const letGo = isLittle ? machine.memory.holdLittle(contentLength) : undefined;
    if (letGo === undefined) return await storeSegments(machine, request, stream, signal);
    try {
      return await storeFrame(request, stream, signal);
    } finally {
      letGo();
    }
  } finally {
    await source.close();
  }
}

/**
 * What a stream of so much content will say of its sizes.
 *
 * @throws SealpartError `bad-parameters` if its segments do not fit into memory, or the store cannot have so many
 */
export function contentParameters(
  memory: IntakeMemory,
  { limits }: Pick<ObjectStore, 'limits'>,
  write: Omit<WriteOptions, 'zstd'>,
  contentLength: number,
): StreamParameters {
  const { largestSegmentBytes } = memory;
  const memoryBytes = 2 * largestSegmentBytes;
  const parameters = chooseParameters({ ...write, zstd: false }, contentLength, destinationOf(limits), { memoryBytes });
  const largest = Math.min(contentLength, 2 ** parameters.segmentSizeMaxLog2);
  if (largest <= largestSegmentBytes) return parameters;
  throw new SealpartError(
    'bad-parameters',
    `Content of ${contentLength} bytes needs segments of ${largest / 2 ** 20} MiB, and there is memory for ` +
      `${largestSegmentBytes / pieceContentBytes} MiB: give more memory, or send it in parts.`,
  );
}

/** The most content that an object can be made of. */
export function largestContentBytes(
  { largestSegmentBytes }: IntakeMemory,
  { limits }: Pick<ObjectStore, 'limits'>,
  { segmentSizeBytes }: Pick<WriteOptions, 'segmentSizeBytes'>,
): number {
  const { most } = segmentSizeLog2Range;
  // Headers and frames stay under a sixteenth of a segment.
  const largest = Math.min(2 ** most, largestSegmentBytes, limits.maxPartBytes * (15 / 16));
  const segmentBytes = segmentSizeBytes ?? 2 ** Math.floor(Math.log2(largest));
  return limits.maxParts * segmentBytes - headerLenRange.most;
}

/** Little content is not worth a message to a thread, nor memory that is shared with one. */
async function storeFrame(request: ContentRequest, stream: StreamToWrite, signal: AbortSignal): Promise<StoredContent> {
  const { source, observe, accept } = request;
  const content = new Uint8Array(source.size!);
  if ((await source.read(content, signal)) !== content.length) {
    throw new SealpartError(
      'source-changed',
      `${source.name} ended before the ${source.size} bytes that it announced.`,
    );
  }
  if (content.length > 0) await observe?.(content);
  const place = { segmentIndex: 0, flags: segmentFlags.final };
  const digestOf = (own: Uint8Array): Uint8Array => streamDigestOf(stream.coreHash, 1, own);
  const segment = encryptSmallSegment(stream, place, content, new FreshSalts(), digestOf);
  const facts = factsOf(stream, content.length, segment.streamDigest!, segment.facts.salt);
  const added = await accept?.(facts, signal);
  return storeWhole(request, stream, { facts, segment, added }, signal);
}
