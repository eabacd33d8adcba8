import { crc32 } from 'node:zlib';
import { SealpartError } from '../../errors.ts';
import type { BodyBytes } from '../object-store.ts';

/** The bytes of a body, in views to be stored one after the other. */
export function viewsOf(body: BodyBytes): readonly Uint8Array[] {
  if (body instanceof Uint8Array) return [body];
  return 'pieces' in body ? body.pieces : body;
}

function sizeOf(body: BodyBytes): number {
  return viewsOf(body).reduce((sum, view) => sum + view.length, 0);
}

/** Adds up a body and refuses what is too large, with this code. */
export function checkBodySize(
  body: BodyBytes,
  maxBytes: number,
  label: string,
  code: 'invalid-part' | 'store',
): number {
  const sizeBytes = sizeOf(body);
  if (sizeBytes <= maxBytes) return sizeBytes;
  const said = 'EntityTooLarge';
  const most = `${maxBytes} is the most (${said})`;
  throw new SealpartError(code, `${label} cannot be stored: it has ${sizeBytes} bytes, and ${most}.`, { said });
}

/** Follows a body while it is written, and compares it with the CRC-32 that came with it, if one did. */
export class BodyCheck {
  readonly #expected: number | undefined;
  #found = 0;

  constructor(body: BodyBytes) {
    this.#expected = 'crc32' in body ? body.crc32 : undefined;
  }

  /** To be told of all bytes, in order, in slices that are hashed in a moment. */
  add(bytes: Uint8Array): void {
    if (this.#expected !== undefined) this.#found = crc32(bytes, this.#found);
  }

  /**
   * To be called when all bytes were added.
   *
   * @throws SealpartError `store` (BadDigest)
   */
  finish(label: string): void {
    if (this.#expected === undefined || this.#expected === this.#found) return;
    const said = 'BadDigest';
    const crcs = `they have the CRC-32 ${shown(this.#found)}, and ${shown(this.#expected)} was given (${said})`;
    throw new SealpartError('store', `The bytes of ${label} are not what was meant to be stored: ${crcs}.`, { said });
  }
}

function shown(crc: number): string {
  return crc.toString(16).padStart(8, '0');
}
