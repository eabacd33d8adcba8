import { createHash } from 'node:crypto';

/** Reproducible bytes that look random: the same for the same seed, none like another's. */
export function randomLooking(length: number, seed: number | string): Uint8Array {
  const shake = createHash('shake256', { outputLength: Math.max(1, length) });
  return new Uint8Array(shake.update(`sealpart test ${seed}`).digest()).subarray(0, length);
}

/** A deterministic stand-in for a source of randomness, which never gives the same bytes twice. */
export function seededEntropy(seed: number | string): (length: number) => Uint8Array {
  let drawn = 0;
  return (length) => randomLooking(length, `${seed} draw ${drawn++}`);
}

const blockBytes = 16;

/** Content in which each block of 16 bytes says whose it is, so that it can be recognised wherever it turns up. */
export function markedContent(length: number, owner: number): Uint8Array {
  const content = new Uint8Array(length);
  const blocks = new DataView(content.buffer);
  for (let offset = 0; offset < length; offset++) content[offset] = 0xa5 ^ owner;
  for (let offset = 0; offset + blockBytes <= length; offset += blockBytes) {
    blocks.setUint32(offset, 0xfeedc0de);
    blocks.setUint32(offset + 4, owner);
    blocks.setUint32(offset + 8, offset / blockBytes);
    blocks.setUint32(offset + 12, 0x0badcafe ^ owner);
  }
  return content;
}

const marker = Buffer.from('feedc0de', 'hex');

/** Where in these bytes, at any offset, a block of marked content stands; -1 if there is none. */
export function findMarkedBlock(bytes: Uint8Array): number {
  const searched = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = searched.indexOf(marker); at >= 0; at = searched.indexOf(marker, at + 1)) {
    const owner = searched.length - at >= blockBytes ? searched.readUInt32BE(at + 4) : undefined;
    if (owner !== undefined && searched.readUInt32BE(at + 12) === (0x0badcafe ^ owner) >>> 0) return at;
  }
  return -1;
}

/** The same bytes in shared memory, which sources lend instead of copying. */
export function sharedCopy(bytes: Uint8Array): Uint8Array {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length + 24), 24);
  shared.set(bytes);
  return shared;
}

export function xorBit(bytes: Uint8Array, bit: number): Uint8Array {
  const flipped = bytes.slice();
  flipped[bit >> 3]! ^= 1 << (bit & 7);
  return flipped;
}
