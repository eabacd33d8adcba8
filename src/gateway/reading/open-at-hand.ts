import type { ObjectHead } from '../../objects/object-store.ts';
import { bytesInput } from '../../pipelines/bytes-input.ts';
import { decryptAtHand } from '../../pipelines/decrypt-at-hand.ts';
import { objectText } from '../../pipelines/object-text.ts';
import { openStream } from '../../pipelines/open-stream.ts';
import type { GatewayGround } from '../gateway-ground.ts';
import { describedBefore, rememberForeign, rememberStream } from './describe-object.ts';
import { type DescribedObject, describedByReading } from './described-object.ts';
import type { ObjectVersion } from './object-version.ts';
import { opaqueEtag } from './opaque-etag.ts';
import { accessTo, startsLikeStream } from './open-stored.ts';
import { readingRoom } from './reading-room.ts';

/** An object that is at hand as a whole, every byte of it verified. */
export interface OpenedAtHand {
  readonly described: DescribedObject;
  readonly content: Uint8Array;
}

/**
 * Opens an object of which all bytes are at hand. Its length needs no other proof than that all of it was verified.
 *
 * @returns undefined for an indexed or compressed stream, of which the bytes do not say how much content there is
 * @throws SealpartError any refusal
 */
export async function openAtHand(
  ground: GatewayGround,
  name: ObjectVersion,
  head: ObjectHead,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<OpenedAtHand | undefined> {
  if (!startsLikeStream(bytes)) return { described: rememberForeign(ground, name, head), content: bytes };
  const before = readingRoom(ground).cache.of(name, head)?.opened;
  const opened = before ?? (await openStream(bytesInput(objectText(name), bytes), accessTo(ground, name), signal));
  if (opened.index !== undefined || opened.crypto.parameters.compression !== 0) return undefined;
  const { content } = decryptAtHand(opened.crypto, bytes);
  const known = await describedBefore(ground, name, head, signal, opened);
  // What was read is what there is, whatever a record says.
  const described =
    known?.sizeBytes === content.length ? known : describedByReading(opaqueEtag(head.etag), content.length, true);
  rememberStream(ground, name, head, described, opened);
  return { described, content };
}
