import type { ObjectRecord } from '../../crypto/object-record.ts';
import { equalBytes } from '../../format/bytes.ts';
import type { ObjectHead } from '../../objects/object-store.ts';
import { hintedContentLength, readContentLength } from '../../pipelines/content-length.ts';
import type { ObjectInput } from '../../pipelines/object-input.ts';
import { openStream } from '../../pipelines/open-stream.ts';
import type { OpenedStream } from '../../pipelines/opened-stream.ts';
import { readUpTo } from '../../pipelines/wire-input.ts';
import type { GatewayGround } from '../gateway-ground.ts';
import { type DescribedObject, describedByReading, describedByRecord, foreignObject } from './described-object.ts';
import type { ObjectVersion } from './object-version.ts';
import { opaqueEtag } from './opaque-etag.ts';
import { accessTo, openStored, startsLikeStream } from './open-stored.ts';
import { readingRoom } from './reading-room.ts';

/** What the store says of an object, as far as its description depends on it. */
export type DescribedHead = Pick<ObjectHead, 'etag' | 'sizeBytes'> & Partial<ObjectHead>;

/**
 * What clients are told of an object: by its record, which costs nothing but the table; else by what was read of it
 * before, else by reading its header and what proves its length, two or three small GETs.
 *
 * What is found by reading is remembered here alone and never written as a record: a record with an opaque ETag would
 * stand under the same name, key and ETag of the store as the one that the object's writer, or `reindex`, enters with
 * the true ETag, and the later of the two stays. No reader can know that none of them is about to write.
 *
 * @param head of exactly this object, and recent.
 * @throws SealpartError the refusals of a stream that is damaged, moved or sealed for others; `precondition` if the
 *   object is another by now; what the store and the table throw
 */
export async function describeObject(
  ground: GatewayGround,
  name: ObjectVersion,
  head: ObjectHead,
  signal: AbortSignal,
): Promise<DescribedObject> {
  const known = await describedBefore(ground, name, head, signal);
  if (known !== undefined) return known;
  return withInput(ground, name, head, signal, async (input) => {
    const opened = await openIfStream(ground, name, input, signal);
    return opened === undefined
      ? rememberForeign(ground, name, head)
      : describeOpened(ground, name, head, { opened, input, needsProof: true }, signal);
  });
}

/**
 * What needs no request to the store.
 *
 * @param opened the stream in it, if that was opened: a record of another one does not count.
 */
export async function describedBefore(
  ground: GatewayGround,
  name: ObjectVersion,
  head: DescribedHead,
  signal: AbortSignal,
  opened?: OpenedStream,
): Promise<DescribedObject | undefined> {
  const { cache } = readingRoom(ground);
  const before = cache.of(name, head);
  if (before?.described.kind === 'foreign') return before.described;
  const stream = opened ?? before?.opened;
  const recorded = before?.described;
  if (recorded?.record !== undefined && recordFits(recorded.record, head, stream)) return recorded;
  if (head.sizeBytes === 0) return rememberForeign(ground, name, head);
  // Also where the size is known: the record of an object that was read before it stood has the ETag that clients know.
  // Of a young object it was waited for then.
  const { etag, sizeBytes, metadata } = head;
  const lastModifiedMs = recorded === undefined ? head.lastModifiedMs : undefined;
  const { bucket, key } = name;
  const record = await ground.records.read({ bucket, key, etag, sizeBytes, metadata, lastModifiedMs }, signal);
  if (record !== undefined && recordFits(record, head, stream)) {
    return cache.remember(name, { ...stateOf(head), described: describedByRecord(record) }).described;
  }
  return recorded?.isSizeProven === true && recorded.record === undefined ? recorded : undefined;
}

/** False for a record that is about another state of the object, or another stream. */
export function recordFits(record: ObjectRecord, { sizeBytes }: DescribedHead, opened?: OpenedStream): boolean {
  if (record.sizeBytes !== sizeBytes) return false;
  return opened === undefined || equalBytes(opened.header.core.streamId, record.streamId);
}

/** The stream in an object, opened; undefined if it is no stream. */
export async function openIfStream(
  ground: GatewayGround,
  name: ObjectVersion,
  input: ObjectInput,
  signal: AbortSignal,
): Promise<OpenedStream | undefined> {
  const start = await readUpTo(input, 0, Math.min(8, input.size), signal);
  return startsLikeStream(start) ? openStream(input, accessTo(ground, name), signal) : undefined;
}

/** A stream of which no record is known. */
export async function describeOpened(
  ground: GatewayGround,
  name: ObjectVersion,
  head: DescribedHead,
  { opened, input, needsProof }: { opened: OpenedStream; input: ObjectInput; needsProof: boolean },
  signal: AbortSignal,
): Promise<DescribedObject> {
  const hinted = needsProof ? undefined : hintedContentLength(opened, input);
  const sizeBytes = hinted ?? (await readContentLength(opened, input, ground.pool, signal));
  const described = describedByReading(opaqueEtag(head.etag), sizeBytes, hinted === undefined);
  rememberStream(ground, name, head, described, opened);
  return described;
}

/** Remembers a stream with its keys. Of an indexed one only what is told of it: its index is too large to be kept. */
export function rememberStream(
  ground: GatewayGround,
  name: ObjectVersion,
  head: DescribedHead,
  described: DescribedObject,
  opened: OpenedStream,
): void {
  const kept = opened.index === undefined ? opened : undefined;
  readingRoom(ground).cache.remember(name, { ...stateOf(head), described, opened: kept });
}

export function rememberForeign(ground: GatewayGround, name: ObjectVersion, head: DescribedHead): DescribedObject {
  const described = foreignObject(head.etag, head.sizeBytes);
  return readingRoom(ground).cache.remember(name, { ...stateOf(head), described }).described;
}

function stateOf({ etag, sizeBytes }: DescribedHead) {
  return { etag, sizeBytes };
}

async function withInput<T>(
  ground: GatewayGround,
  name: ObjectVersion,
  head: ObjectHead,
  signal: AbortSignal,
  use: (input: ObjectInput) => Promise<T>,
): Promise<T> {
  const input = await openStored(ground, name, { head }, signal);
  try {
    return await use(input);
  } finally {
    await input.close();
  }
}
