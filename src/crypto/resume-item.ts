import type { KeyObject } from 'node:crypto';
import { assert } from '../assert.ts';
import { concatBytes, textBytes } from '../format/bytes.ts';
import { tagLength } from '../format/frame-header.ts';
import { suites } from '../format/stream-parameters.ts';
import { nodeAead } from './aead.ts';
import { freshBytes } from './fresh-bytes.ts';
import { hkdfExpand, hkdfExtract, secretKey } from './hkdf.ts';
import { keyLength } from './key-schedule.ts';

const label = textBytes('sealpart/2 resume');
const kidLength = 8;
const nonceLength = 12;
const wrappedOffset = kidLength + nonceLength;

/** kid, nonce and wrapped data key. */
export const resumeItemLength: number = wrappedOffset + keyLength + tagLength;

/** Which stream a resume item belongs to. */
export interface ResumeContext {
  /** 16 bytes. */
  readonly streamId: Uint8Array;
  /** 32 bytes. */
  readonly coreHash: Uint8Array;
}

function wrapKey(hostKey: KeyObject, context: ResumeContext): KeyObject {
  return hkdfExpand(hkdfExtract(context.streamId, hostKey), label);
}

/**
 * What lets a host that cannot open any recipient go on with its own upload (docs/format.md §10.7).
 *
 * @param hostKey 32 random bytes an upload, kept outside the manifest and erased when the upload ends
 * @param kid 8 bytes by which the host finds that key again
 * @param nonce 12 random bytes
 */
export function sealResumeItem(
  hostKey: KeyObject,
  kid: Uint8Array,
  nonce: Uint8Array,
  dataKey: KeyObject,
  context: ResumeContext,
): Uint8Array {
  assert(kid.length === kidLength && nonce.length === nonceLength, 'a kid of 8 bytes and a nonce of 12');
  const plain = dataKey.export();
  const item = concatBytes(kid, nonce, new Uint8Array(keyLength + tagLength));
  const aad = concatBytes(label, context.coreHash);
  nodeAead.encrypt(suites.aesGcm, wrapKey(hostKey, context), nonce, aad, plain, item.subarray(wrappedOffset));
  plain.fill(0);
  return item;
}

/** The 8 bytes that tell which host key an item asks for, or undefined if these bytes are no resume item. */
export function resumeItemKid(item: Uint8Array): Uint8Array | undefined {
  return item.length === resumeItemLength ? item.slice(0, kidLength) : undefined;
}

/** A host key for one upload (docs/format.md §10.8): kept outside the manifest, and erased when the upload ends. */
export function freshHostKey(): KeyObject {
  return secretKey(freshBytes(keyLength));
}

/** The data key, or undefined if the item is damaged or belongs to another host key or stream (docs/format.md §10.9). */
export function openResumeItem(hostKey: KeyObject, item: Uint8Array, context: ResumeContext): KeyObject | undefined {
  if (item.length !== resumeItemLength) return undefined;
  const nonce = item.subarray(kidLength, wrappedOffset);
  const aad = concatBytes(label, context.coreHash);
  const wrapped = item.subarray(wrappedOffset);
  const plain = nodeAead.decrypt(suites.aesGcm, wrapKey(hostKey, context), nonce, aad, wrapped);
  return plain === undefined ? undefined : secretKey(plain);
}
