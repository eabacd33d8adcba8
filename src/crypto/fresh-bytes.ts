import { randomBytes } from 'node:crypto';
import { SealpartError } from '../errors.ts';
import { equalBytes, isZero } from '../format/bytes.ts';

/** A source of random bytes: the system's, or what a test puts in its place. */
export type DrawBytes = (length: number) => Uint8Array;

const probeLength = 32;
const trusted = new WeakSet<DrawBytes>();

/**
 * Fresh random bytes, for keys, ids, salts and nonces (docs/format.md §9).
 *
 * The first call tries the source out, because everything is lost with a source that repeats itself: each stream
 * would have the key of the one before it.
 *
 * @throws SealpartError `io` if the source fails, or gave zeros or the same twice. Nothing was encrypted then.
 */
export function freshBytes(length: number, draw: DrawBytes = randomBytes): Uint8Array {
  if (!trusted.has(draw)) {
    const first = drawFrom(draw, probeLength);
    if (equalBytes(first, drawFrom(draw, probeLength))) throw broken('it gave the same bytes twice');
    trusted.add(draw);
  }
  return drawFrom(draw, length);
}

function drawFrom(draw: DrawBytes, length: number): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = draw(length);
  } catch (cause) {
    throw broken('it gave no bytes', cause);
  }
  if (bytes.length !== length) throw broken(`it gave ${bytes.length} bytes where ${length} were asked for`);
  // Eight zero bytes come by chance once in 2^64 draws, and nothing shorter is ever drawn.
  if (length >= 8 && isZero(bytes)) throw broken('it gave zeros');
  return bytes;
}

function broken(what: string, cause?: unknown): SealpartError {
  return new SealpartError(
    'io',
    `The system's random source cannot be trusted: ${what}. Nothing was encrypted; do not encrypt on this machine.`,
    { cause },
  );
}

/**
 * Refuses random values of which one begins like another.
 *
 * @throws SealpartError `io`
 */
export function requireDistinct(...values: readonly Uint8Array[]): void {
  for (const [i, one] of values.entries()) {
    for (const other of values.slice(i + 1)) {
      const shared = Math.min(one.length, other.length);
      if (equalBytes(one.subarray(0, shared), other.subarray(0, shared))) throw broken('it gave the same bytes twice');
    }
  }
}
