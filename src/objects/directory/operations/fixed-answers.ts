import { refused } from '../refusals.ts';
import { documentAnswer, emptyAnswer } from './named-answer.ts';
import { type NamedOperation, viewBucket } from './named-operation.ts';

/** Of what no bucket here ever has: S3's word and words for it, as for a bucket that was only just made. */
export function neverThere(said: string, reason: string): NamedOperation {
  return (call) =>
    viewBucket(call, () => {
      throw refused(said, reason, 'not-found');
    });
}

/** Of what is the same for all buckets: the document of one that was only just made. */
export function alwaysSo(root: string, content = ''): NamedOperation {
  return (call) => viewBucket(call, () => documentAnswer(root, content));
}

/** Of what is not there to be deleted, which is no error. */
export function nothingToDelete(): NamedOperation {
  return (call) => viewBucket(call, () => emptyAnswer(204));
}

/**
 * Of what this store would keep and not obey, which nobody may be made to rely on.
 *
 * @param check - Refuses what S3 would not take from anybody.
 */
export function notObeyed(check: (body: Uint8Array) => void = () => {}): NamedOperation {
  return async (call) => {
    check(call.request.body);
    return await viewBucket(call, () => {
      throw refused('NotImplemented', `${call.ground.name} does not do what ${call.request.operation} asks for`);
    });
  };
}
