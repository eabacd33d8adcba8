import { createCipheriv, createDecipheriv, createHash, type KeyObject } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { crc32 } from 'node:zlib';
import { type BareLoopJob, type BareLoopMemory, type BareOperation, bareFrame } from './bare-loop-job.ts';

// A thread of the bare loop: what the project's worker computes on a batch of frames, call for call, and nothing else.
// It shares no code with src/, so that a cost that creeps in there is seen.

const memory = workerData as BareLoopMemory;
const counter = new Int32Array(memory.counter);
const cipherOptions = { authTagLength: bareFrame.tagBytes } as const;
const nonce = new Uint8Array(12);
const nonceView = new DataView(nonce.buffer);
const aad = new Uint8Array(bareFrame.aadBytes);
const fragmentPrefix = new Uint8Array(31);

parentPort!.on('message', (job: BareLoopJob) => {
  // Batches are taken as threads get to them, so that neither waits for the other at the end.
  let checksum = 0;
  for (let batch = Atomics.add(counter, 0, 1); batch < job.batches; batch = Atomics.add(counter, 0, 1)) {
    checksum ^= batchWorks[job.operation](job, batch);
  }
  parentPort!.postMessage(checksum);
});

const batchWorks: Record<BareOperation, (job: BareLoopJob, batch: number) => number> = {
  encrypt: encryptBatch,
  decrypt: decryptBatch,
  crc32: ({ framesEach, frameBytes }, batch) =>
    crc32(stretch(memory.wire, batch, framesEach * (frameBytes + bareFrame.overheadBytes))),
};

function encryptBatch(job: BareLoopJob, batch: number): number {
  const { frameBytes, framesEach, digestAlg, key } = job;
  const plain = stretch(memory.plain, batch, framesEach * frameBytes);
  const wire = stretch(memory.wire, batch, framesEach * (frameBytes + bareFrame.overheadBytes));
  const evidence = new Uint8Array(framesEach * 32);
  for (let i = 0; i < framesEach; i++) {
    const content = plain.subarray(i * frameBytes, (i + 1) * frameBytes);
    const frame = frameOf(wire, i, frameBytes);
    encryptFrame(key, frameIndexOf(memory.wire, job, batch, i), content, frame);
    writeEvidence(digestAlg, frame, evidence.subarray(i * 32, (i + 1) * 32));
  }
  return crc32(wire);
}

function encryptFrame(key: KeyObject, index: number, content: Uint8Array, frame: Uint8Array): void {
  nonceView.setUint32(8, index, true);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, cipherOptions);
  cipher.setAAD(aad, { plaintextLength: content.length });
  cipher.update(content).copy(frame, bareFrame.headerBytes);
  cipher.final();
  frame.set(cipher.getAuthTag(), frame.length - bareFrame.tagBytes);
}

function decryptBatch(job: BareLoopJob, batch: number): number {
  const { frameBytes, framesEach, digestAlg, key } = job;
  const plain = stretch(memory.plain, batch, framesEach * frameBytes);
  const wire = stretch(memory.wire, batch, framesEach * (frameBytes + bareFrame.overheadBytes));
  const evidence = new Uint8Array(framesEach * 32);
  for (let i = 0; i < framesEach; i++) {
    const frame = frameOf(wire, i, frameBytes);
    decryptFrame(key, frameIndexOf(memory.wire, job, batch, i), frame).copy(plain, i * frameBytes);
    writeEvidence(digestAlg, frame, evidence.subarray(i * 32, (i + 1) * 32));
  }
  return crc32(wire);
}

function decryptFrame(key: KeyObject, index: number, frame: Uint8Array): Buffer {
  const end = frame.length - bareFrame.tagBytes;
  nonceView.setUint32(8, index, true);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, cipherOptions);
  decipher.setAAD(aad, { plaintextLength: end - bareFrame.headerBytes });
  decipher.setAuthTag(frame.subarray(end));
  const content = decipher.update(frame.subarray(bareFrame.headerBytes, end));
  decipher.final();
  return content;
}

function writeEvidence(digestAlg: 2 | 3, frame: Uint8Array, evidence: Uint8Array): void {
  if (digestAlg === 3) evidence.set(frame.subarray(frame.length - bareFrame.tagBytes), 4);
  else {
    const ciphertext = frame.subarray(bareFrame.headerBytes);
    evidence.set(createHash('sha256').update(fragmentPrefix).update(ciphertext).digest());
  }
}

/** The batch's place in memory, which is gone through from one end to the other and then again. */
function stretch(buffer: SharedArrayBuffer, batch: number, length: number): Uint8Array {
  return new Uint8Array(buffer, (batch % Math.floor(buffer.byteLength / length)) * length, length);
}

function frameOf(wire: Uint8Array, i: number, frameBytes: number): Uint8Array {
  const stride = frameBytes + bareFrame.overheadBytes;
  return wire.subarray(i * stride, (i + 1) * stride);
}

/** The same for every round through the wire memory, so that what stands there opens as often as it is met. */
function frameIndexOf(wire: SharedArrayBuffer, { framesEach, frameBytes }: BareLoopJob, batch: number, i: number) {
  const batches = Math.floor(wire.byteLength / (framesEach * (frameBytes + bareFrame.overheadBytes)));
  return (batch % batches) * framesEach + i;
}
