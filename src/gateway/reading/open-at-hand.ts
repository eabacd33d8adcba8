import type { ObjectHead } from '../../objects/object-store.ts';
import { bytesInput } from '../../pipelines/bytes-input.ts';
import { decryptAtHand } from '../../pipelines/decrypt-at-hand.ts';
import { decryptStream } from '../../pipelines/decrypt-stream.ts';
import type { ObjectInput } from '../../pipelines/object-input.ts';
import { objectText } from '../../pipelines/object-text.ts';
import { openStream } from '../../pipelines/open-stream.ts';
import type { OpenedStream } from '../../pipelines/opened-stream.ts';
import type { Sink } from '../../sinks/sink.ts';
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
 * @throws SealpartError any refusal
 */
export async function openAtHand(
  ground: GatewayGround,
  name: ObjectVersion,
  head: ObjectHead,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<OpenedAtHand> {
  if (!startsLikeStream(bytes)) return { described: rememberForeign(ground, name, head), content: bytes };
  const input = bytesInput(objectText(name), bytes);
  const before = readingRoom(ground).cache.of(name, head)?.opened;
  const opened = before ?? (await openStream(input, accessTo(ground, name), signal));
  const content = await contentOf(ground, opened, input, bytes, signal);
  const known = await describedBefore(ground, name, head, signal, opened);
  // What was read is what there is, whatever a record says.
  const described =
    known?.sizeBytes === content.length ? known : describedByReading(opaqueEtag(head.etag), content.length, true);
  rememberStream(ground, name, head, described, opened);
  return { described, content };
}

async function contentOf(
  ground: GatewayGround,
  opened: OpenedStream,
  input: ObjectInput,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (opened.index === undefined && opened.crypto.parameters.compression === 0) {
    return decryptAtHand(opened.crypto, bytes).content;
  }
  const { share, batchBytes, leave } = readingRoom(ground).shares.enter();
  const pieces: Uint8Array[] = [];
  try {
    const { access, pool } = ground;
    await decryptStream({ input, opened, sink: collecting(pieces), access, pool, share, batchBytes }, signal);
  } finally {
    leave();
  }
  return Buffer.concat(pieces);
}

/** Nothing of it is given away before the whole stream was verified: what is released before counts for nothing. */
function collecting(pieces: Uint8Array[]): Sink {
  return {
    name: 'memory',
    irreversible: false,
    writeTentative: async (bytes) => {
      pieces.push(new Uint8Array(bytes));
    },
    commitSegment: async () => undefined,
    rollbackSegment: async () => undefined,
    finish: async () => undefined,
    abort: async () => undefined,
  };
}
