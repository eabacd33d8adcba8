import { SealpartError } from '../../errors.ts';

/** So many states of one object are tried: what is replaced faster than that cannot be read. */
const mostStates = 3;

/**
 * Reads an object anew that was replaced between two requests to the store. Nothing of it has been told to the client yet,
 * who has asked for whatever stands there, and would not understand that a condition failed which was not his.
 *
 * @throws what `read` throws; SealpartError `precondition` if the object is replaced again and again
 */
export async function againIfReplaced<T>(read: () => Promise<T>): Promise<T> {
  for (let state = 1; ; state++) {
    try {
      return await read();
    } catch (error) {
      // The client's own conditions are judged here, and fail as errors of S3.
      const isReplaced = error instanceof SealpartError && error.code === 'precondition';
      if (!isReplaced || state === mostStates) throw error;
    }
  }
}
