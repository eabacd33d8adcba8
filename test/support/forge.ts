import { aadPrefixOf, FrameCipher } from '../../src/crypto/frame-cipher.ts';
import {
  encodeDigestPayload,
  evidenceLength,
  SegmentDigest,
  streamDigestOf,
  writeEvidence,
} from '../../src/crypto/segment-digest.ts';
import { concatBytes } from '../../src/format/bytes.ts';
import { type FrameType, frameOverhead, frameTypes } from '../../src/format/frame-header.ts';
import { writeU32 } from '../../src/format/little-endian.ts';
import { encodeAuthenticatedHeader, type SegmentFacts, segmentHeaderLength } from '../../src/format/segment-header.ts';
import type { StreamCrypto } from '../../src/segments/stream-crypto.ts';
import { randomLooking } from './content.ts';
import { repairSegment } from './repair.ts';

// Whoever holds the data key can make any segment with tags that verify. What a reader must refuse nevertheless, and
// no writer of this library would make, is made here.

export interface ForgedFrame {
  readonly type: FrameType;
  /** Its own place unless told. */
  readonly index?: number;
  readonly plaintext: Uint8Array;
}

export interface ForgedSegment {
  readonly facts: Partial<SegmentFacts> & Pick<SegmentFacts, 'segmentIndex' | 'flags' | 'contentLength'>;
  /** Plaintexts of the DATA frames, however they are cut. */
  readonly data: readonly Uint8Array[];
  /** Replaces DIGEST and TERMINATOR. */
  readonly tail?: readonly ForgedFrame[];
  /** Digests of the segments before, for the stream digest of a FINAL one. */
  readonly digestsBefore?: readonly Uint8Array[];
  /** Changes the 64 bytes of the header before the frames are sealed with it; the checksums are made afterwards. */
  readonly edit?: (header: Uint8Array) => void;
}

export interface Forged {
  readonly bytes: Uint8Array;
  readonly digest: Uint8Array;
}

/** Seals a segment that is authentic in every frame, whatever its header and its frames say. */
export function forgeSegment(stream: StreamCrypto, { facts, data, tail, digestsBefore, edit }: ForgedSegment): Forged {
  const payloadLength = data.reduce((sum, { length }) => sum + length, 0);
  const { frameSizeLog2, digestAlg, suite } = stream.parameters;
  const salt = randomLooking(16, `forged ${facts.segmentIndex} ${payloadLength}`);
  const whole: SegmentFacts = { digestAlg, compression: 0, payloadLength, salt, ...facts };
  const header = new Uint8Array(segmentHeaderLength);
  header.set(encodeAuthenticatedHeader(whole, frameSizeLog2));
  writeU32(header, 40, data.length + 2);
  edit?.(header);
  const cipher = new FrameCipher({
    suite,
    key: stream.keys.segmentKey(whole.segmentIndex, header.slice(24, 40)),
    segmentIndex: whole.segmentIndex,
    aadPrefix: aadPrefixOf(stream.coreHash, header.slice(0, 40)),
  });
  const seal = ({ type, index, plaintext }: ForgedFrame, place: number): Uint8Array => {
    const frame = new Uint8Array(plaintext.length + frameOverhead);
    cipher.encrypt(type, index ?? place, plaintext, frame);
    return frame;
  };
  const frames = data.map((plaintext, k) => seal({ type: frameTypes.data, plaintext }, k));
  const digest = digestOf(stream, whole.segmentIndex, frames);
  const all = [...(digestsBefore ?? []), digest];
  const streamDigest = streamDigestOf(stream.coreHash, all.length, concatBytes(...all));
  const carried = (whole.flags & 1) === 1 ? streamDigest : undefined;
  const usual: ForgedFrame[] = [
    { type: frameTypes.digest, plaintext: encodeDigestPayload(digestAlg, digest, carried) },
    { type: frameTypes.terminator, plaintext: new Uint8Array(0) },
  ];
  const ending = (tail ?? usual).map((frame, i) => seal(frame, frames.length + i));
  const wire = concatBytes(...frames, ...ending);
  if (edit === undefined) writeU32(header, 44, wire.length);
  return { bytes: repairSegment(concatBytes(header, wire)), digest };
}

function digestOf(stream: StreamCrypto, segmentIndex: number, frames: readonly Uint8Array[]): Uint8Array {
  const { digestAlg, frameSizeLog2 } = stream.parameters;
  const digest = new SegmentDigest(digestAlg, segmentIndex, frames.length);
  for (const [k, frame] of frames.entries()) {
    const evidence = new Uint8Array(evidenceLength(digestAlg));
    writeEvidence(digestAlg, segmentIndex, k, frame, evidence);
    digest.add(1, evidence, frame, Math.max(2 ** frameSizeLog2, frame.length));
  }
  return digest.finish();
}
