import { UsageError } from './usage-error.ts';

const unitsMs: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/**
 * A time that a person wrote, in milliseconds: `90s`, `12h`, `7d`. Without a unit nobody knows what was meant, except
 * for 0.
 *
 * @throws UsageError
 */
export function parseDuration(text: string): number {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim()) ?? [];
  const factor = unitsMs[unit.toLowerCase()] ?? (Number(digits) === 0 && unit === '' ? 1 : Number.NaN);
  const durationMs = Math.round(Number(digits) * factor);
  if (Number.isSafeInteger(durationMs)) return durationMs;
  throw new UsageError(`"${text}" is not a time. Write a number with s, m, h, d or w: 7d.`);
}
