import { SealpartError } from '../../errors.ts';
import { untilAborted } from '../../flow/until-aborted.ts';
import { contentOffset, locateContent, wireOffset } from '../../format/schedule.ts';
import { layouts, type StreamParameters } from '../../format/stream-parameters.ts';
import type { ObjectHead } from '../../objects/object-store.ts';
import { decryptRange } from '../../pipelines/decrypt-range.ts';
import type { OpenedStream } from '../../pipelines/opened-stream.ts';
import { RecordMismatch } from '../../pipelines/recorded-stream.ts';
import { type ByteRange, type RequestedRange, resolveRange } from '../../s3-protocol/conditions/byte-range.ts';
import { S3Error } from '../../s3-protocol/errors/s3-error.ts';
import type { GatewayGround } from '../gateway-ground.ts';
import type { GatewayAnswer } from '../http/gateway-answer.ts';
import { rememberStream } from './describe-object.ts';
import { answerWith } from './object-answer.ts';
import { type ObjectRequest, planAnswer } from './object-request.ts';
import { accessTo, openStored } from './open-stored.ts';
import type { RememberedObject } from './read-cache.ts';
import { atHandBytes, readingRoom } from './reading-room.ts';
import { type ContentRun, StreamedContent } from './streamed-content.ts';

/** Segments whose headers are looked for: a range over more of them costs many requests whatever is known. */
const mostKnownSegments = 16;

/** A range of which everything but the present state of the object is known. */
interface KnownRange {
  readonly entry: RememberedObject;
  readonly parameters: StreamParameters;
  readonly range: ByteRange;
}

/**
 * Answers a range of an object of which enough is known to ask for all that is needed at once: frames alone, or with them
 * the segment's header and the stream's, in one round trip. Every request is for the state that is known; if the object
 * has another by now, nothing has been said to the client, and the range is read anew.
 *
 * @returns undefined if too little is known, or what is known is not so any more
 * @throws S3Error PreconditionFailed, SlowDown; SealpartError what reading throws
 */
export async function answerKnownRange(
  ground: GatewayGround,
  request: ObjectRequest,
  signal: AbortSignal,
): Promise<GatewayAnswer | undefined> {
  const known = knownRangeOf(ground, request);
  if (known === undefined) return undefined;
  try {
    return await answerKnown(ground, request, known, signal);
  } catch (error) {
    if (!isOutdated(error)) throw error;
    readingRoom(ground).cache.forget(request.name);
    return undefined;
  }
}

/** True for what shows that an object is not, or its record was not, what was remembered. */
function isOutdated(error: unknown): boolean {
  if (error instanceof RecordMismatch) return true;
  return error instanceof SealpartError && (error.code === 'precondition' || error.code === 'not-found');
}

function knownRangeOf(ground: GatewayGround, { name, range, partNumber }: ObjectRequest): KnownRange | undefined {
  if (range === undefined || partNumber !== undefined) return undefined;
  const entry = readingRoom(ground).cache.latest(name);
  // A small object is one GET in any case.
  if (entry === undefined || entry.sizeBytes <= atHandBytes) return undefined;
  const { kind, isSizeProven, record, sizeBytes } = entry.described;
  const parameters = entry.opened?.crypto.parameters ?? record?.parameters;
  if (kind !== 'sealed' || !isSizeProven || parameters === undefined) return undefined;
  if (parameters.layout !== layouts.scheduled || parameters.compression !== 0) return undefined;
  const bytes = bytesOf(range, sizeBytes);
  return bytes === undefined ? undefined : { entry, parameters, range: bytes };
}

/** The bytes of a range, if an object of that size has any. */
function bytesOf(range: RequestedRange, sizeBytes: number): ByteRange | undefined {
  try {
    return resolveRange(range, sizeBytes);
  } catch (error) {
    if (error instanceof S3Error) return undefined;
    throw error;
  }
}

async function answerKnown(
  ground: GatewayGround,
  request: ObjectRequest,
  { entry, parameters, range }: KnownRange,
  signal: AbortSignal,
): Promise<GatewayAnswer | undefined> {
  const { described } = entry;
  const answered = Promise.withResolvers<ObjectHead>();
  const opening = Promise.withResolvers<OpenedStream>();
  const body = startReading(ground, request, { entry, parameters, range }, answered.resolve, opening.resolve);
  try {
    // The store's word of the object as it is now, and the header, which everything else is opened with.
    const told = Promise.all([answered.promise, opening.promise]);
    const [head, opened] = await untilAborted(Promise.race([told, failureOf(body)]), signal);
    rememberStream(ground, request.name, head, described, opened);
    const plan = planAnswer(request, described, head.lastModifiedMs);
    if (plan.status === 206) {
      // What is outdated has shown by then, and the range can still be read anew.
      await untilAborted(Promise.race([body.begun, failureOf(body)]), signal);
      return answerWith(ground, request, { head, described }, plan, body);
    }
    await body.close();
    return plan.status === 304 ? answerWith(ground, request, { head, described }, plan) : undefined;
  } catch (error) {
    await body.close();
    throw error;
  }
}

/** Never resolves: content is not at its end before the store has answered. */
async function failureOf(body: StreamedContent): Promise<never> {
  await body.done;
  return new Promise(() => undefined);
}

function startReading(
  ground: GatewayGround,
  { name }: ObjectRequest,
  { entry, parameters, range }: KnownRange,
  onAnswer: (head: ObjectHead) => void,
  onOpened: (stream: OpenedStream) => void,
): StreamedContent {
  const { cache, shares } = readingRoom(ground);
  const { etag, sizeBytes, opened, described } = entry;
  const head: ObjectHead = { etag, sizeBytes, lastModifiedMs: 0, metadata: {}, tags: {} };
  // By its ETag alone: a version can be had for ever, and would come as if it still were what stands there.
  const known = { head, pieces: keptHeaders(entry, parameters, range), skipsBeginning: true };
  const recorded = opened === undefined ? described.record : undefined;
  const lengthBytes = range.last - range.first + 1;
  const { share, leave } = shares.enter(lengthBytes);
  const run: ContentRun = async (sink, inner) => {
    const input = await openStored(ground, name, known, inner, onAnswer);
    await decryptRange(
      {
        input,
        sink,
        access: accessTo(ground, name),
        range,
        knownContentLength: described.sizeBytes,
        opened,
        recorded,
        onOpened,
        pool: ground.pool,
        share,
        onSegmentHeader: (position, bytes) => cache.keepSegmentHeader(name, entry, position, bytes),
      },
      inner,
    );
  };
  return new StreamedContent(lengthBytes, run, leave);
}

/** Segment headers of a range that were read before. */
function keptHeaders(
  { segmentHeaders }: RememberedObject,
  p: StreamParameters,
  range: ByteRange,
): { position: number; bytes: Uint8Array }[] {
  const first = locateContent(p, range.first).segmentIndex;
  const kept: { position: number; bytes: Uint8Array }[] = [];
  for (let index = first; index < first + mostKnownSegments && contentOffset(p, index) <= range.last; index++) {
    const position = wireOffset(p, index);
    const bytes = segmentHeaders.get(position);
    if (bytes !== undefined) kept.push({ position, bytes });
  }
  return kept;
}
