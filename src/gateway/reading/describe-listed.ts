import { type ErrorCode, isRefusal, SealpartError } from '../../errors.ts';
import type { ListedObject, ObjectHead } from '../../objects/object-store.ts';
import type { GatewayGround } from '../gateway-ground.ts';
import { describedBefore, describeOpened, openIfStream, recordFits, rememberForeign } from './describe-object.ts';
import { type DescribedObject, describedByReading, describedByRecord } from './described-object.ts';
import { type ObjectVersion, versionRequest } from './object-version.ts';
import { opaqueEtag } from './opaque-etag.ts';
import { openStored } from './open-stored.ts';
import { readingRoom } from './reading-room.ts';

/** An object as a listing of the store has it, of all versions or of the newest. */
export type ListedState = ListedObject & { readonly versionId?: string };

/** Objects that are read at one time, for a listing. */
const parallelObjects = 16;

/** So many states of one object are looked at: what is written faster than that is listed as the store has it. */
const mostStates = 4;

/**
 * What clients are told of the objects of a listing, in its order. Those that have a record, or were described before,
 * cost no request to the store. Of each of the others the first 4 KiB are read, in whose answer the metadata is that a
 * record may stand in, and whose header, once it opened, gives the size by arithmetic from the length; of streams that
 * are indexed or compressed, more than that. What is found is remembered.
 *
 * An object that is another one by now is described as what it is by now. One that cannot be described, because it is
 * damaged, sealed for others, gone, or nothing that the store gives, does not spoil the listing: it is listed as the store
 * has it.
 *
 * @throws what the store throws where it fails as a store, so that nothing can be read; what the table throws
 */
export async function describeListed(
  ground: GatewayGround,
  bucket: string,
  objects: readonly ListedState[],
  signal: AbortSignal,
): Promise<DescribedObject[]> {
  const names = objects.map((object): ObjectVersion => ({ bucket, key: object.key, versionId: object.versionId }));
  const described = fromMemory(ground, names, objects);
  await addRecorded(ground, names, objects, described, signal);
  const left = [...objects.keys()].filter((at) => described[at] === undefined).values();
  const reads = new ListingReads();
  const work = async (): Promise<void> => {
    for (const at of left) {
      described[at] = await reads.orAsListed(objects[at]!, () => readListed(ground, names[at]!, objects[at]!, signal));
    }
  };
  // All of them take from one iterator: each object is read once.
  await Promise.all(Array.from({ length: parallelObjects }, work));
  reads.judge();
  return described as DescribedObject[];
}

function fromMemory(
  ground: GatewayGround,
  names: readonly ObjectVersion[],
  objects: readonly ListedState[],
): (DescribedObject | undefined)[] {
  const { cache } = readingRoom(ground);
  return objects.map((object, at) => {
    if (object.sizeBytes === 0) return rememberForeign(ground, names[at]!, object);
    const before = cache.of(names[at]!, object)?.described;
    return before?.record !== undefined || before?.kind === 'foreign' ? before : undefined;
  });
}

/** Adds those that have a record in the table, by one request to it, and those that were read before. */
async function addRecorded(
  ground: GatewayGround,
  names: readonly ObjectVersion[],
  objects: readonly ListedState[],
  described: (DescribedObject | undefined)[],
  signal: AbortSignal,
): Promise<void> {
  const { cache } = readingRoom(ground);
  const asked = [...objects.keys()].filter((at) => described[at] === undefined);
  if (asked.length === 0) return;
  const states = asked.map((at) => {
    const { etag, sizeBytes, lastModifiedMs } = objects[at]!;
    return { bucket: names[at]!.bucket, key: names[at]!.key, etag, sizeBytes, lastModifiedMs };
  });
  const records = await ground.records.readMany(states, signal);
  for (const [i, at] of asked.entries()) {
    const record = records[i];
    const before = cache.of(names[at]!, objects[at]!);
    if (record === undefined || !recordFits(record, objects[at]!, before?.opened)) {
      described[at] = before?.described;
      continue;
    }
    const { etag, sizeBytes } = objects[at]!;
    described[at] = describedByRecord(record);
    cache.remember(names[at]!, { etag, sizeBytes, described: described[at] });
  }
}

/** Not remembered: whoever can open it, or reads what stands there by now, finds out anew. */
function asListed({ etag, sizeBytes }: ListedState): DescribedObject {
  return describedByReading(opaqueEtag(etag), sizeBytes, false);
}

/** What can be wrong with one object while the store gives the others. */
const ofOneObject: ReadonlySet<string> = new Set<ErrorCode>([
  'bad-name',
  'bad-parameters',
  'bad-range',
  'conflict',
  'denied',
  'io',
  'kms-unavailable',
  'store',
]);

/** Tells an object that cannot be read from a store of which nothing can. */
class ListingReads {
  readonly #failures: unknown[] = [];
  #hasAnswered = false;

  async orAsListed(listed: ListedState, read: () => Promise<DescribedObject>): Promise<DescribedObject> {
    try {
      const described = await read();
      this.#hasAnswered = true;
      return described;
    } catch (error) {
      if (!(error instanceof SealpartError) || !ofOneObject.has(error.code)) throw error;
      // An object that is archived: that says nothing of the store.
      if (error.said === 'InvalidObjectState') this.#hasAnswered = true;
      this.#failures.push(error);
      // The rest would fail as these have, each after it was tried for long.
      if (this.#failures.length >= parallelObjects) this.judge();
      return asListed(listed);
    }
  }

  judge(): void {
    if (!this.#hasAnswered && this.#failures.length > 0) throw this.#failures[0];
  }
}

async function readListed(
  ground: GatewayGround,
  name: ObjectVersion,
  listed: ListedState,
  signal: AbortSignal,
): Promise<DescribedObject> {
  let state = listed;
  for (let attempt = 1; ; attempt++) {
    try {
      return await readBeginning(ground, name, state, signal);
    } catch (error) {
      if (!isRefusal(error) && !isGone(error)) throw error;
      const now = isGone(error) && attempt < mostStates ? await stateNow(ground, name, signal) : undefined;
      if (now === undefined) return asListed(state);
      state = { ...state, ...now };
    }
  }
}

/** What stands under a name by now, if anything does. */
async function stateNow(
  { store }: GatewayGround,
  name: ObjectVersion,
  signal: AbortSignal,
): Promise<Pick<ListedState, 'etag' | 'sizeBytes' | 'lastModifiedMs'> | undefined> {
  try {
    const { etag, sizeBytes, lastModifiedMs } = await store.head({ ...versionRequest(name), withTags: false }, signal);
    return { etag, sizeBytes, lastModifiedMs };
  } catch (error) {
    if (!isGone(error)) throw error;
    return undefined;
  }
}

/** True if the object is not there any more, or is another one: it was when it was listed. */
function isGone(error: unknown): boolean {
  return error instanceof SealpartError && (error.code === 'not-found' || error.code === 'precondition');
}

async function readBeginning(
  ground: GatewayGround,
  name: ObjectVersion,
  listed: ListedState,
  signal: AbortSignal,
): Promise<DescribedObject> {
  let head: ObjectHead = { ...listed, metadata: {}, tags: {} };
  const onAnswer = (answered: ObjectHead): void => {
    head = answered;
  };
  const input = await openStored(ground, name, { head }, signal, onAnswer);
  try {
    // The table was asked for the whole listing, and waited for if that was worth it: this is about the metadata.
    const { lastModifiedMs: _, ...ageless } = head;
    const known = await describedBefore(ground, name, ageless, signal);
    if (known !== undefined) return known;
    const opened = await openIfStream(ground, name, input, signal);
    if (opened === undefined) return rememberForeign(ground, name, head);
    return await describeOpened(ground, name, head, { opened, input, needsProof: false }, signal);
  } finally {
    await input.close();
  }
}
