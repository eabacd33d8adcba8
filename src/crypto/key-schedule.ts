import type { KeyObject } from 'node:crypto';
import { textBytes } from '../format/bytes.ts';
import { u32 } from '../format/little-endian.ts';
import { coreLength, encodeCore, type StreamCore } from '../format/stream-core.ts';
import { equalSecret } from './equal-secret.ts';
import { hkdfExpand, hkdfExtract, hmacSha256 } from './hkdf.ts';
import { sha256 } from './sha256.ts';

const labels = {
  commit: textBytes('sealpart/2 commit'),
  header: textBytes('sealpart/2 header'),
  manifest: textBytes('sealpart/2 manifest'),
  records: textBytes('sealpart/2 records'),
  segment: textBytes('sealpart/2 segment'),
};

/** Bytes of a data key (DEK), a key-encryption key (KEK) and every derived key. */
export const keyLength = 32;

/** SHA-256 of the core, to which wraps, frames and digests are bound (docs/format.md §1). */
export function coreHashOf(core: StreamCore | Uint8Array): Uint8Array {
  return sha256(core instanceof Uint8Array ? core.subarray(0, coreLength) : encodeCore(core));
}

/** The keys of one stream, each derived when it is asked for (docs/format.md §1.31). */
export class StreamKeys {
  readonly #prk: KeyObject;
  /** The data key itself, which recipients wrap. */
  readonly dataKey: KeyObject;

  constructor(dataKey: KeyObject, salt: Uint8Array) {
    this.dataKey = dataKey;
    this.#prk = hkdfExtract(salt, dataKey);
  }

  /** What the core publishes, so that a ciphertext opens under one data key only. */
  keyCommit(): Uint8Array {
    return hkdfExpand(this.#prk, labels.commit).export();
  }

  /** The MAC over a header, of which `macInput` is all before it. */
  headerMac(macInput: Uint8Array): Uint8Array {
    return hmacSha256(hkdfExpand(this.#prk, labels.header), macInput);
  }

  manifestKey(): KeyObject {
    return hkdfExpand(this.#prk, labels.manifest);
  }

  /** What object records are sealed with, if this is the header without a stream that a table of them begins with. */
  recordKey(): KeyObject {
    return hkdfExpand(this.#prk, labels.records);
  }

  segmentKey(segmentIndex: number, segmentSalt: Uint8Array): KeyObject {
    return hkdfExpand(this.#prk, labels.segment, u32(segmentIndex), segmentSalt);
  }

  /** True if this data key is the one that the stream commits to, in constant time. */
  matches(keyCommit: Uint8Array): boolean {
    return equalSecret(this.keyCommit(), keyCommit);
  }
}
