import { abortError } from '../errors.ts';

/**
 * Waits for `work`, but no longer than until the signal fires. The work itself goes on: whoever waits like this must
 * stop it, and must not have lent it memory that is used again.
 */
export function untilAborted<T>(work: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(abortError(signal));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    // The work is followed to its end in any case: what it fails with after the abort was already answered for.
    work.then(
      (value) => {
        signal.removeEventListener('abort', onAbort);
        resolve(value);
      },
      (error: unknown) => {
        signal.removeEventListener('abort', onAbort);
        reject(error);
      },
    );
  });
}
