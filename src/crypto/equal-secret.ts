import { timingSafeEqual } from 'node:crypto';

/** Compares MACs, commitments and keys in a time that does not tell where they differ. Lengths are public (docs/format.md §1.32). */
export function equalSecret(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
