import { SealpartError } from '../../errors.ts';
import { freeBytes } from '../../flow/free-bytes.ts';
import type { ObjectBody, ObjectHead } from '../../objects/object-store.ts';
import type { KnownObject } from '../../pipelines/known-object.ts';
import type { ObjectInput } from '../../pipelines/object-input.ts';
import { objectText } from '../../pipelines/object-text.ts';
import type { OpenedStream } from '../../pipelines/opened-stream.ts';
import { fillFrom } from '../../pipelines/pinned-object.ts';
import type { GatewayGround } from '../gateway-ground.ts';
import type { GatewayAnswer } from '../http/gateway-answer.ts';
import type { OperationCall } from '../operation-call.ts';
import { againIfReplaced } from '../reading/again-if-replaced.ts';
import { streamContent } from '../reading/content-run.ts';
import {
  describedBefore,
  describeObject,
  describeOpened,
  openIfStream,
  rememberForeign,
  rememberStream,
} from '../reading/describe-object.ts';
import type { DescribedObject } from '../reading/described-object.ts';
import type { HeldMemory } from '../reading/heap-budget.ts';
import { answerKnownRange } from '../reading/known-range.ts';
import { answerAtHand, answerWith, collected, heldBody, judgeForeign, lengthOf } from '../reading/object-answer.ts';
import { type ObjectRequest, planAnswer, readObjectRequest } from '../reading/object-request.ts';
import { versionRequest } from '../reading/object-version.ts';
import { openAtHand } from '../reading/open-at-hand.ts';
import { headerProbeBytes, openStored } from '../reading/open-stored.ts';
import { atHandBytes, readingRoom } from '../reading/reading-room.ts';

/** The first GET of an object that is read whole: read as it is consumed, and as large as those that follow. */
const firstWholeBytes = 8 * 2 ** 20;
/** The first GET of an object of which a part is read: its header and that of the first segment; the first frame too. */
const firstRangeBytes = headerProbeBytes + 64;
const frameBytes = 2 ** 16 + 36;
/** What a connection to the store brings of an answer before anybody has read that, and what most small objects take. */
const enteringBytes = 2 ** 17;

/** GetObject: a small object costs one GET of the store, a range one to three, a large one as many as it has 8 MiB. */
export async function getObject(call: OperationCall, signal: AbortSignal): Promise<GatewayAnswer> {
  const { ground } = call;
  const request = readObjectRequest(call);
  const known = await answerKnownRange(ground, request, signal);
  if (known !== undefined) return known;
  return againIfReplaced(async () => {
    const unmodified = request.mayBeUnmodified ? await answerUnmodified(ground, request, signal) : undefined;
    return unmodified ?? (await answerAnew(ground, request, signal));
  });
}

/** Asks for the head alone where the answer may well be that nothing has changed: no content is sent for nothing. */
async function answerUnmodified(
  ground: GatewayGround,
  request: ObjectRequest,
  signal: AbortSignal,
): Promise<GatewayAnswer | undefined> {
  const head = await ground.store.head({ ...versionRequest(request.name), withTags: false }, signal);
  const described = await describeObject(ground, request.name, head, signal);
  judgeForeign(ground, described);
  const plan = planAnswer(request, described, head.lastModifiedMs);
  return plan.status === 304 ? answerWith(ground, request, { head, described }, plan) : undefined;
}

/** Before the store is asked, little memory is held, and what the object takes as soon as the answer tells its size. */
async function answerAnew(ground: GatewayGround, request: ObjectRequest, signal: AbortSignal): Promise<GatewayAnswer> {
  const { cache, heap } = readingRoom(ground);
  const before = cache.latest(request.name);
  const held = await heap.enter(Math.min(enteringBytes, 2 * (before?.sizeBytes ?? enteringBytes)), signal);
  try {
    return await answerHolding(ground, request, held, signal);
  } catch (error) {
    held.release();
    throw error;
  }
}

async function answerHolding(
  ground: GatewayGround,
  request: ObjectRequest,
  held: HeldMemory,
  signal: AbortSignal,
): Promise<GatewayAnswer> {
  const firstBytes = firstBytesOf(ground, request);
  const body = await firstAnswer(ground, request, firstBytes, signal);
  if (body === undefined) return answerEmpty(ground, request, held, signal);
  const { head } = body;
  const end = Math.min(firstBytes, head.sizeBytes);
  // Of a large object that is read whole no more than the header: the rest is read as it is consumed.
  const isBegun = request.range === undefined && head.sizeBytes > atHandBytes;
  const start = await startOf(body, request, { startBytes: isBegun ? headerProbeBytes : end, isBegun, held }, signal);
  if (start.length === head.sizeBytes) return answerSmall(ground, request, { head, start, held }, signal);
  const begun = isBegun ? { body, start: start.length, end } : undefined;
  return answerLarge(ground, request, { head, pieces: [{ position: 0, bytes: start }], begun }, held, signal);
}

/** How much the first GET asks for. */
function firstBytesOf(ground: GatewayGround, { name, range }: ObjectRequest): number {
  if (range === undefined) return firstWholeBytes;
  const before = readingRoom(ground).cache.latest(name);
  if (before !== undefined && before.sizeBytes <= atHandBytes) return atHandBytes;
  // What a range from the beginning wants comes with the headers.
  return range.kind === 'from' && range.first < 2 ** 16 ? firstRangeBytes + frameBytes : firstRangeBytes;
}

/** Undefined if the object is empty: no range of it can be had. */
async function firstAnswer(
  { store }: GatewayGround,
  { name }: ObjectRequest,
  firstBytes: number,
  signal: AbortSignal,
): Promise<ObjectBody | undefined> {
  const range = { first: 0, last: firstBytes - 1 };
  try {
    return await store.get({ ...versionRequest(name), range, withTags: false }, signal);
  } catch (error) {
    if (error instanceof SealpartError && error.code === 'bad-range') return undefined;
    throw error;
  }
}

/** Reads the beginning of an answer. It stays open only if the rest of it is wanted. */
async function startOf(
  body: ObjectBody,
  { name }: ObjectRequest,
  { startBytes, isBegun, held }: { readonly startBytes: number; readonly isBegun: boolean; readonly held: HeldMemory },
  signal: AbortSignal,
): Promise<Uint8Array> {
  let isRead = false;
  try {
    // All that there is becomes content, which takes as much again.
    await held.resize(startBytes === body.head.sizeBytes ? 2 * startBytes : startBytes, signal);
    const bytes = new Uint8Array(startBytes);
    await fillFrom(body, bytes, objectText(name), signal);
    isRead = true;
    return bytes;
  } finally {
    if (!isRead || !isBegun) await body.close();
  }
}

async function answerEmpty(
  ground: GatewayGround,
  request: ObjectRequest,
  held: HeldMemory,
  signal: AbortSignal,
): Promise<GatewayAnswer> {
  const head = await ground.store.head({ ...versionRequest(request.name), withTags: false }, signal);
  if (head.sizeBytes > 0) {
    throw new SealpartError(
      'precondition',
      `${objectText(request.name)} was replaced while it was read: read it again.`,
    );
  }
  return answerSmall(ground, request, { head, start: new Uint8Array(0), held }, signal);
}

/** An object of which all bytes are at hand. */
interface SmallObject {
  readonly head: ObjectHead;
  readonly start: Uint8Array;
  readonly held: HeldMemory;
}

async function answerSmall(
  ground: GatewayGround,
  request: ObjectRequest,
  { head, start, held }: SmallObject,
  signal: AbortSignal,
): Promise<GatewayAnswer> {
  const atHand = await openAtHand(ground, request.name, head, start, signal);
  if (atHand === undefined) {
    return answerLarge(ground, request, { head, pieces: [{ position: 0, bytes: start }] }, held, signal);
  }
  const { described, content } = atHand;
  if (content !== start) freeBytes(start);
  held.shrinkTo(content.length);
  judgeForeign(ground, described);
  const plan = planAnswer(request, described, head.lastModifiedMs);
  return answerAtHand(ground, request, { head, described }, plan, { content, held });
}

async function answerLarge(
  ground: GatewayGround,
  request: ObjectRequest,
  known: KnownObject,
  held: HeldMemory,
  signal: AbortSignal,
): Promise<GatewayAnswer> {
  const { name } = request;
  const { head } = known;
  const input = await openStored(ground, name, known, signal);
  try {
    const opened =
      readingRoom(ground).cache.of(name, head)?.opened ?? (await openIfStream(ground, name, input, signal));
    const described =
      opened === undefined
        ? rememberForeign(ground, name, head)
        : await describe(ground, request, head, opened, input, signal);
    judgeForeign(ground, described);
    const plan = planAnswer(request, described, head.lastModifiedMs);
    const told = { head, described };
    if (plan.status === 304) {
      await input.close();
      held.release();
      return answerWith(ground, request, told, plan);
    }
    const lengthBytes = lengthOf(plan, described);
    const isSmall = lengthBytes <= atHandBytes;
    const startBytes = held.bytes;
    if (isSmall) await held.resize(startBytes + lengthBytes, signal);
    const source = { name, state: head, input, opened, sizeBytes: described.sizeBytes };
    const range = plan.status === 206 ? plan.range : undefined;
    const body = streamContent(ground, source, range, () => held.shrinkTo(isSmall ? lengthBytes : 0));
    if (!isSmall) return answerWith(ground, request, told, plan, body);
    const content = await collected(body, signal);
    return answerWith(ground, request, told, plan, heldBody(content, { content, held }));
  } catch (error) {
    await input.close();
    throw error;
  }
}

async function describe(
  ground: GatewayGround,
  { name }: ObjectRequest,
  head: ObjectHead,
  opened: OpenedStream,
  input: ObjectInput,
  signal: AbortSignal,
): Promise<DescribedObject> {
  const known = await describedBefore(ground, name, head, signal, opened);
  if (known === undefined) return describeOpened(ground, name, head, { opened, input, needsProof: true }, signal);
  rememberStream(ground, name, head, known, opened);
  return known;
}
