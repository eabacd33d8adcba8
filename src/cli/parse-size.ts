import { UsageError } from './usage-error.ts';

const factors: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 2 ** 10,
  kib: 2 ** 10,
  m: 2 ** 20,
  mib: 2 ** 20,
  g: 2 ** 30,
  gib: 2 ** 30,
  t: 2 ** 40,
  tib: 2 ** 40,
};

/**
 * Bytes that a person wrote: `65536`, `64KiB`, `64K`, `1.5GiB`. Every unit is a power of 1,024.
 *
 * @throws UsageError
 */
export function parseSize(text: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim()) ?? [];
  const factor = unit === undefined ? undefined : factors[unit.toLowerCase()];
  const bytes = Number(digits) * (factor ?? Number.NaN);
  if (!Number.isSafeInteger(bytes)) {
    throw new UsageError(`"${text}" is not a size. Write a number of bytes, or one with KiB, MiB or GiB: 64KiB.`);
  }
  return bytes;
}
