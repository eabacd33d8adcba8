import { bytesOf } from '../gateway/config/amounts.ts';
import { UsageError } from './usage-error.ts';

/**
 * Bytes that a person wrote: `65536`, `64KiB`, `64K`, `1.5GiB`. Every unit is a power of 1,024.
 *
 * @throws UsageError
 */
export function parseSize(text: string): number {
  const bytes = bytesOf(text);
  if (bytes !== undefined) return bytes;
  throw new UsageError(`"${text}" is not a size. Write a number of bytes, or one with KiB, MiB or GiB: 64KiB.`);
}
