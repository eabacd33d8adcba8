import type { RangeRequest } from '../pipelines/content-range.ts';
import { UsageError } from './usage-error.ts';

/**
 * A range of content, counted from 0, both ends included: `A-B`, `A-` to the end, `-N` for the last N bytes.
 *
 * @throws UsageError
 */
export function parseRange(text: string): RangeRequest {
  const [, from, to] = /^(\d*)-(\d*)$/.exec(text) ?? [];
  if (from === undefined || to === undefined || (from === '' && to === '')) throw notARange(text);
  if (from === '') {
    const suffix = position(to, text);
    if (suffix === 0) throw new UsageError(`The range "${text}" is empty: -N is the last N bytes, at least 1.`);
    return { suffix };
  }
  const first = position(from, text);
  if (to === '') return { first };
  const last = position(to, text);
  if (last < first) throw new UsageError(`The range "${text}" ends before it begins.`);
  return { first, last };
}

function position(digits: string, text: string): number {
  const value = Number(digits);
  if (!Number.isSafeInteger(value)) throw notARange(text);
  return value;
}

function notARange(text: string): UsageError {
  return new UsageError(`"${text}" is not a range. Write A-B (both included, from 0), A- or -N.`);
}
