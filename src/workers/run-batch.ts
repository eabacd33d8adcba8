import { crc32 } from 'node:zlib';
import { FrameCipher } from '../crypto/frame-cipher.ts';
import { evidenceLength, writeEvidence } from '../crypto/segment-digest.ts';
import { copyBytes } from '../flow/copy-bytes.ts';
import { freeBytes } from '../flow/free-bytes.ts';
import { frameOverhead, frameTypes } from '../format/frame-header.ts';
import type { BatchResult, FrameBatch, FrameFault, WorkerMemory } from './messages.ts';

/** Encrypts or decrypts a batch of DATA frames, and collects CRC and digest evidence while the bytes are at hand. */
export function runBatch(batch: FrameBatch, memory: WorkerMemory): BatchResult {
  const plain = new Uint8Array(batch.lent ?? memory.plain, batch.plain.offset, batch.plain.length);
  const wire = new Uint8Array(batch.lentWire ?? memory.wire, batch.wire.offset, batch.wire.length);
  return runBatchOver(batch, plain, wire);
}

/** The same over memory that no other thread sees. `plain` and `wire` are the batch's stretches. */
export function runBatchOver(batch: FrameBatch, plain: Uint8Array, wire: Uint8Array): BatchResult {
  const frames = Math.ceil(batch.plain.length / batch.frameSizeBytes);
  const evidence = new Uint8Array(frames * evidenceLength(batch.digestAlg));
  const fault =
    batch.operation === 'encrypt'
      ? encryptFrames(batch, plain, wire, evidence)
      : decryptFrames(batch, plain, wire, evidence);
  const result = { crc32: crc32(wire), evidence };
  return fault === undefined ? result : { ...result, fault };
}

function encryptFrames(batch: FrameBatch, plain: Uint8Array, wire: Uint8Array, evidence: Uint8Array): undefined {
  const cipher = new FrameCipher(batch);
  forEachFrame(batch, plain, wire, evidence, (index, content, frame, evidenceOfFrame) => {
    cipher.encrypt(frameTypes.data, index, content, frame);
    writeEvidence(batch.digestAlg, batch.segmentIndex, index, frame, evidenceOfFrame);
    return true;
  });
}

function decryptFrames(
  batch: FrameBatch,
  plain: Uint8Array,
  wire: Uint8Array,
  evidence: Uint8Array,
): FrameFault | undefined {
  const cipher = new FrameCipher(batch);
  let fault: FrameFault | undefined;
  forEachFrame(batch, plain, wire, evidence, (index, content, frame, evidenceOfFrame) => {
    const opened = cipher.decrypt(frameTypes.data, index, frame);
    if (typeof opened === 'string') {
      fault = { frame: index, code: opened };
      return false;
    }
    // Only now, verified, does plaintext reach memory that others can see.
    copyBytes(opened, content);
    freeBytes(opened);
    writeEvidence(batch.digestAlg, batch.segmentIndex, index, frame, evidenceOfFrame);
    return true;
  });
  return fault;
}

type FrameVisitor = (index: number, content: Uint8Array, frame: Uint8Array, evidence: Uint8Array) => boolean;

function forEachFrame(
  batch: FrameBatch,
  plain: Uint8Array,
  wire: Uint8Array,
  evidence: Uint8Array,
  visit: FrameVisitor,
): void {
  const size = batch.frameSizeBytes;
  const stride = size + frameOverhead;
  const evidenceStride = evidenceLength(batch.digestAlg);
  for (let i = 0; i * size < plain.length; i++) {
    const content = plain.subarray(i * size, Math.min((i + 1) * size, plain.length));
    const frame = wire.subarray(i * stride, i * stride + content.length + frameOverhead);
    const evidenceOfFrame = evidence.subarray(i * evidenceStride, (i + 1) * evidenceStride);
    if (!visit(batch.firstFrame + i, content, frame, evidenceOfFrame)) return;
  }
}
