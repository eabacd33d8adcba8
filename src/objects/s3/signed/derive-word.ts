import type { Failure } from '../failure.ts';

/** Of what statuses mean when nothing but they can be said, those that mean one thing. */
const wordsOfStatuses: ReadonlyMap<number, string> = new Map([
  [405, 'MethodNotAllowed'],
  [412, 'PreconditionFailed'],
  [416, 'InvalidRange'],
  [501, 'NotImplemented'],
]);

/**
 * The answer to a HEAD has no body that could say why it was refused: the word that S3 has for it, where nothing else
 * can be meant. Of an object that is not there, the bucket or the version may be what is missing.
 */
export function withDerivedWord(failure: Failure, isAboutObject: boolean): Failure {
  if (failure.code !== '') return failure;
  const code =
    failure.status === 404 ? wordOfAbsence(failure, isAboutObject) : wordsOfStatuses.get(failure.status ?? 0);
  return code === undefined ? failure : { ...failure, code };
}

function wordOfAbsence({ headers }: Failure, isAboutObject: boolean): string {
  if (!isAboutObject) return 'NoSuchBucket';
  return headers['x-amz-delete-marker'] === 'true' ? 'NoSuchKey' : 'NotFound';
}
