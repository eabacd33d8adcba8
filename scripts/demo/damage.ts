import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

const segmentHeaderLength = 64;

/** Flips one bit of a file: rot, or a cosmic ray. */
export async function flipBit(path: string, position: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const byte = await readAt(file, position, 1);
    byte[0]! ^= 1;
    await file.write(byte, 0, 1, position);
  } finally {
    await file.close();
  }
}

/** Makes the CRCs of the segment around a position right again, as somebody would who damaged it on purpose. */
export async function mendCrcs(path: string, headerLength: number, position: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    let start = headerLength;
    let header = await readAt(file, start, segmentHeaderLength);
    for (let end = endOf(start, header); end <= position; end = endOf(start, header)) {
      start = end;
      header = await readAt(file, start, segmentHeaderLength);
    }
    const frames = await readAt(file, start + segmentHeaderLength, header.readUInt32LE(44));
    header.writeUInt32LE(crc32(frames), 48);
    header.writeUInt32LE(crc32(header.subarray(0, 60)), 60);
    await file.write(header, 0, segmentHeaderLength, start);
  } finally {
    await file.close();
  }
}

function endOf(start: number, header: Buffer): number {
  return start + segmentHeaderLength + header.readUInt32LE(44);
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
