import { assert } from '../assert.ts';
import { SealpartError } from '../errors.ts';
import { isZero, textBytes } from './bytes.ts';
import { readU16, writeU16 } from './little-endian.ts';
import {
  type Compression,
  type DigestAlg,
  judgeParameters,
  type Layout,
  type StreamParameters,
  type Suite,
} from './stream-parameters.ts';

/** Bytes 0..103 of the stream header, which never change in a stream's life. */
export const coreLength = 104;
export const formatVersion = 2;
export const streamMagic: Uint8Array = textBytes('SEALPART');

/** The core of a stream header (docs/format.md §1). */
export interface StreamCore {
  readonly parameters: StreamParameters;
  /** 16 random bytes. */
  readonly streamId: Uint8Array;
  /** 32 random bytes. */
  readonly salt: Uint8Array;
  /** 32 bytes that only this stream's data key gives. */
  readonly keyCommit: Uint8Array;
}

export function encodeCore(core: StreamCore): Uint8Array {
  const p = core.parameters;
  assert(core.streamId.length === 16 && core.salt.length === 32 && core.keyCommit.length === 32, 'core lengths');
  const bytes = new Uint8Array(coreLength);
  bytes.set(streamMagic, 0);
  bytes[8] = formatVersion;
  bytes[9] = p.suite;
  bytes[10] = p.digestAlg;
  bytes[11] = p.layout;
  bytes[12] = p.frameSizeLog2;
  bytes[13] = p.segmentSizeLog2;
  bytes[14] = p.segmentSizeMaxLog2;
  bytes[15] = p.compression;
  writeU16(bytes, 16, p.growEvery);
  writeU16(bytes, 18, p.headerLen);
  bytes.set(core.streamId, 24);
  bytes.set(core.salt, 40);
  bytes.set(core.keyCommit, 72);
  return bytes;
}

/**
 * Reads a core in the order of §6: magic, then what a later version might have changed, then the rest.
 *
 * @param bytes the input from the header's first byte on; may be short, and is then `truncated` at the first byte
 *   that is needed and missing.
 * @throws SealpartError `truncated`, `bad-magic`, `unsupported`, `bad-header`
 */
export function parseCore(bytes: Uint8Array): StreamCore {
  // §1.2.
  judgeMagic(bytes, streamMagic, 'a Sealpart stream');
  // §1.3, §6.6: what a later version might have changed is judged first, byte by byte.
  for (const [offset, name, most] of [
    [8, 'version', undefined],
    [9, 'suite', 2],
    [10, 'digest_alg', 3],
    [11, 'layout', 1],
    [15, 'compression', 1],
  ] as const) {
    needHeaderBytes(bytes, offset + 1);
    const value = bytes[offset]!;
    const least = offset === 9 || offset === 10 ? 1 : 0;
    const known = most === undefined ? value === formatVersion : value >= least && value <= most;
    if (!known) throw new SealpartError('unsupported', `This program does not know ${name} ${value} of a stream.`);
  }
  needHeaderBytes(bytes, 24);
  const parameters: StreamParameters = {
    suite: bytes[9] as Suite,
    digestAlg: bytes[10] as DigestAlg,
    layout: bytes[11] as Layout,
    frameSizeLog2: bytes[12]!,
    segmentSizeLog2: bytes[13]!,
    segmentSizeMaxLog2: bytes[14]!,
    compression: bytes[15] as Compression,
    growEvery: readU16(bytes, 16),
    headerLen: readU16(bytes, 18),
  };
  judgeParameters(parameters);
  // §1.1.
  if (!isZero(bytes.subarray(20, 24))) {
    throw new SealpartError('bad-header', 'The stream header is not well-formed: reserved bytes are not zero.');
  }
  needHeaderBytes(bytes, coreLength);
  return {
    parameters,
    streamId: bytes.slice(24, 40),
    salt: bytes.slice(40, 72),
    keyCommit: bytes.slice(72, 104),
  };
}

/**
 * @throws SealpartError `truncated` if the input is a strict prefix of the magic, `bad-magic` if it is something else
 */
export function judgeMagic(bytes: Uint8Array, magic: Uint8Array, what: string, segment?: number): void {
  const shared = Math.min(bytes.length, magic.length);
  for (let i = 0; i < shared; i++) {
    if (bytes[i] !== magic[i]) {
      throw new SealpartError('bad-magic', `This is not ${what}: it does not start with its magic bytes.`, {
        segment,
      });
    }
  }
  // §6.5: a strict prefix of a magic is an input that ends early, not another kind of file.
  if (shared < magic.length) {
    throw new SealpartError('truncated', `The input ends where ${what} should begin.`, { segment });
  }
}

export function needHeaderBytes(bytes: Uint8Array, count: number): void {
  if (bytes.length < count) throw new SealpartError('truncated', 'The input ends inside the stream header.');
}
