import { type ErrorCode, SealpartError } from '../../src/errors.ts';

/** What work fails with, which has to be a SealpartError; anything else that it throws goes through. */
export async function failureOf(work: Promise<unknown> | (() => unknown)): Promise<SealpartError> {
  let result: unknown;
  try {
    result = await (typeof work === 'function' ? work() : work);
  } catch (error) {
    if (error instanceof SealpartError) return error;
    throw error;
  }
  throw new Error(`expected a failure, and it went well: ${String(result)}`);
}

/** The code that a function is refused with, or undefined where it goes well. */
export function codeOf(parse: () => unknown): ErrorCode | undefined {
  try {
    parse();
    return undefined;
  } catch (error) {
    if (error instanceof SealpartError) return error.code;
    throw error;
  }
}
