import type { KeyObject } from 'node:crypto';
import type { DigestAlg, Suite } from '../format/stream-parameters.ts';

/** The shared memory that a worker is given once, when it starts. Their roles never change. */
export interface WorkerMemory {
  /** Plaintext. No socket, file of ciphertext or other thread's output is ever fed from it. */
  readonly plain: SharedArrayBuffer;
  /** Frames as they go over the wire. Never holds plaintext. */
  readonly wire: SharedArrayBuffer;
}

/** A stretch of shared memory by its place. */
export interface Stretch {
  readonly offset: number;
  readonly length: number;
}

/** Consecutive DATA frames of one segment, to be encrypted from plain into wire memory, or decrypted the other way. */
export interface FrameBatch {
  readonly operation: 'encrypt' | 'decrypt';
  readonly suite: Suite;
  readonly digestAlg: DigestAlg;
  readonly key: KeyObject;
  readonly segmentIndex: number;
  /** core_hash || segment header bytes 0..39. */
  readonly aadPrefix: Uint8Array;
  /** Plaintext bytes of every frame but a segment's last. */
  readonly frameSizeBytes: number;
  /** frame_index of the first frame. */
  readonly firstFrame: number;
  /** The plaintext of all frames of the batch. */
  readonly plain: Stretch;
  /** The frames, headers and tags included. */
  readonly wire: Stretch;
  /** Where the plaintext lies if not in the worker's own plain memory: what a source has lent. */
  readonly lent?: SharedArrayBuffer;
  /** The same for the frames of a batch that is decrypted: nothing is ever written there. */
  readonly lentWire?: SharedArrayBuffer;
}

/** What a worker found out while it had a batch in hand. */
export interface BatchResult {
  /** CRC-32 of the batch's stretch of wire. */
  readonly crc32: number;
  /** What each frame contributes to the segment's digest. */
  readonly evidence: Uint8Array;
  /** The first frame that does not verify. Nothing of it, or of the frames behind it, is in plain memory. */
  readonly fault?: FrameFault;
}

export interface FrameFault {
  readonly frame: number;
  readonly code: 'bad-frame' | 'frame-auth';
}

/** Compression of one segment, between two stretches of plain memory: a compressed payload is plaintext too. */
export interface CompressionTask {
  readonly operation: 'compress' | 'decompress';
  readonly from: Stretch;
  readonly to: Stretch;
  /** As in FrameBatch, for `from`. */
  readonly lent?: SharedArrayBuffer;
}

/** Bytes written to `to`; or why a payload is not one that a segment may have; or `no-gain`. */
export type CompressionResult = { readonly length: number } | { readonly fault: string };

export type WorkerTask = FrameBatch | CompressionTask;
