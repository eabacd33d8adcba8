import { crc32 } from 'node:zlib';
import { assert } from '../assert.ts';
import { aadPrefixOf, FrameCipher } from '../crypto/frame-cipher.ts';
import { evidenceLength, openDigestPayload, SegmentDigest, writeEvidence } from '../crypto/segment-digest.ts';
import { copyBytes } from '../flow/copy-bytes.ts';
import { digestPayloadLength, frameOverhead, frameTypes } from '../format/frame-header.ts';
import { type SegmentHeader, segmentFlags } from '../format/segment-header.ts';
import { damagedSegment, frameRefusal, type VerifiedSegment, wrongDigest } from './segment-decryption.ts';
import type { StreamCrypto } from './stream-crypto.ts';

/**
 * Decrypts and verifies a segment of which all bytes are at hand, on this thread and in the order of docs/format.md §6.
 * For small objects: what SegmentDecryption takes to have batches come from threads costs more than all of this.
 *
 * @param header judged before.
 * @param frames all that follows the header, exactly.
 * @param target where the payload goes, exactly as long; nothing of it is to be given away if this throws.
 * @throws SealpartError `crc-mismatch`, `bad-frame`, `frame-auth`, `digest-mismatch`
 */
export function openSegmentAtHand(
  stream: StreamCrypto,
  header: SegmentHeader,
  frames: Uint8Array,
  target: Uint8Array,
): VerifiedSegment {
  const { segmentIndex, dataFrames, digestAlg, flags } = header;
  assert(frames.length === header.wireLength && target.length === header.payloadLength, 'a whole segment');
  // §3.9, §6.8.
  if (crc32(frames) !== header.wireCrc32) throw damagedSegment(segmentIndex);
  const { suite, frameSizeLog2 } = stream.parameters;
  const key = stream.keys.segmentKey(segmentIndex, header.salt);
  const aadPrefix = aadPrefixOf(stream.coreHash, header.authenticated);
  const cipher = new FrameCipher({ suite, key, segmentIndex, aadPrefix });
  const open = (type: 1 | 2 | 3, index: number, frame: Uint8Array): Uint8Array => {
    const opened = cipher.decrypt(type, index, frame);
    if (typeof opened === 'string') throw frameRefusal(segmentIndex, { frame: index, code: opened });
    return opened;
  };
  const digest = new SegmentDigest(digestAlg, segmentIndex, dataFrames);
  const evidence = new Uint8Array(evidenceLength(digestAlg));
  const frameSize = 2 ** frameSizeLog2;
  let position = 0;
  for (let index = 0; index < dataFrames; index++) {
    const length = Math.min(frameSize, target.length - index * frameSize);
    const frame = frames.subarray(position, position + length + frameOverhead);
    copyBytes(open(frameTypes.data, index, frame), target, index * frameSize);
    writeEvidence(digestAlg, segmentIndex, index, frame, evidence);
    digest.add(1, evidence, frame, frameSize);
    position += frame.length;
  }
  const digestEnd = position + digestPayloadLength + frameOverhead;
  const payload = open(frameTypes.digest, dataFrames, frames.subarray(position, digestEnd));
  open(frameTypes.terminator, dataFrames + 1, frames.subarray(digestEnd));
  const own = digest.finish();
  const streamDigest = openDigestPayload(payload, digestAlg, own, (flags & segmentFlags.final) !== 0);
  if (streamDigest === undefined) throw wrongDigest(segmentIndex);
  return { digest: own, streamDigest };
}
