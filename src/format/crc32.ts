// CRC-32 (ISO-HDLC) of what stands after each other, from the CRCs of the pieces: workers checksum what they have in
// their hands, and nobody reads a segment twice. Arithmetic over GF(2)[x] modulo the CRC's polynomial, bit-reversed as
// the CRC is: bit 31 is x^0.

const polynomial = 0xedb88320;
const one = 0x80000000;

/** The product of two polynomials. */
function multiply(a: number, b: number): number {
  let product = 0;
  let shifted = b;
  for (let mask = one; mask !== 0; mask >>>= 1) {
    if ((a & mask) !== 0) product ^= shifted;
    shifted = (shifted & 1) !== 0 ? (shifted >>> 1) ^ polynomial : shifted >>> 1;
  }
  return product >>> 0;
}

/** x^(8 * 2^k) for k = 0, 1, 2, … */
const powersOfBytes: readonly number[] = (() => {
  let power = one >>> 8;
  return Array.from({ length: 48 }, () => {
    const current = power;
    power = multiply(power, power);
    return current;
  });
})();

/** x^(8 * byteCount): what a CRC is multiplied with when so many zero bytes follow it. */
export function crc32Shift(byteCount: number): number {
  let shift = one;
  let left = byteCount;
  for (let k = 0; left > 0; k++) {
    if (left % 2 === 1) shift = multiply(shift, powersOfBytes[k]!);
    left = Math.floor(left / 2);
  }
  return shift;
}

/** The CRC-32 of A || B from those of A and B. `shiftOfB` is crc32Shift(bytes of B), which callers may keep. */
export function combineCrc32(crcOfA: number, crcOfB: number, shiftOfB: number): number {
  return (multiply(crcOfA, shiftOfB) ^ crcOfB) >>> 0;
}
