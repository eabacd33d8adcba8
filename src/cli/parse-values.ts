import { InvalidArgumentError } from 'commander';
import { fromHex } from '../format/bytes.ts';
import { UsageError } from './usage-error.ts';

/** Lets commander say which flag a value was refused for. */
export function flagValue<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw error instanceof UsageError ? new InvalidArgumentError(error.message) : error;
    }
  };
}

/** For flags that may be given several times. */
export function collect(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}

export function parseCount(text: string): number {
  const count = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(count)) throw new UsageError(`"${text}" is not a whole number.`);
  return count;
}

/** The 32 bytes of a stream digest. */
export function parseDigest(text: string): Uint8Array {
  const digest = fromHex(text);
  if (digest?.length !== 32) throw new UsageError(`"${text}" is not a stream digest, which has 64 hex digits.`);
  return digest;
}

/** One `k=v` of --context; the value may hold more of them. */
export function collectContext(
  text: string,
  before: ReadonlyMap<string, string> | undefined,
): ReadonlyMap<string, string> {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError(`"${text}" is not an entry: write NAME=VALUE.`);
  const name = text.slice(0, equals);
  if (before?.has(name)) throw new InvalidArgumentError(`"${name}" was given twice.`);
  return new Map([...(before ?? []), [name, text.slice(equals + 1)]]);
}
