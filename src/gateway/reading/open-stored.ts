import { equalBytes, textBytes } from '../../format/bytes.ts';
import { segmentMagic } from '../../format/segment-header.ts';
import type { ReaderKeys } from '../../keys/open-header.ts';
import type { ObjectHead, ObjectName } from '../../objects/object-store.ts';
import type { KnownObject } from '../../pipelines/known-object.ts';
import { type ObjectInput, type ObjectReadOptions, openObjectInput } from '../../pipelines/object-input.ts';
import type { GatewayGround } from '../gateway-ground.ts';
import type { ObjectVersion } from './object-version.ts';

const streamMagic = textBytes('SEALPART');

/** Any stream header but the rare large ones, and what tells a stream from anything else. */
export const headerProbeBytes = 4096;

/**
 * GETs of one read that are under way at one time: a stream header, a segment header and frames in one round trip. Of
 * large ones no more than two: one that is read, and the next, of which nothing is read before the one is done.
 */
const parallelReads = 3;

/** True if an object that begins so is taken for a stream: then everything about it is judged, and it is refused or opened. */
export function startsLikeStream(start: Uint8Array): boolean {
  return [streamMagic, segmentMagic].some((magic) => equalBytes(start.subarray(0, magic.length), magic));
}

/** What an object is opened with: a stream that was moved there, or is another's, is refused. */
export function accessTo({ access, logicalBucket }: GatewayGround, { bucket, key }: ObjectName): ReaderKeys {
  return { ...access, objectName: { bucket: logicalBucket(bucket), key } };
}

/** The version that all requests of a read are pinned to. */
export function pinnedHead(head: ObjectHead, { versionId }: ObjectVersion): ObjectHead {
  return head.versionId === undefined && versionId !== undefined ? { ...head, versionId } : head;
}

/**
 * Opens an object of which the head is known.
 *
 * @throws SealpartError `precondition` if it is another by now; what the store throws
 */
export function openStored(
  { store }: GatewayGround,
  name: ObjectVersion,
  known: KnownObject,
  signal: AbortSignal,
  onAnswer?: ObjectReadOptions['onAnswer'],
): Promise<ObjectInput> {
  const pinned = { ...known, head: pinnedHead(known.head, name) };
  return openObjectInput(store, name, headerProbeBytes, { parallelReads, known: pinned, onAnswer }, signal);
}
