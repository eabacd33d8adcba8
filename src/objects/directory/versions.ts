import { refused } from './refusals.ts';

/** What S3 calls the only version of an object, where none are kept. */
export const onlyVersion = 'null';

/** @throws SealpartError `bad-parameters` (InvalidArgument) for a version that no object here can have */
export function checkVersion(versionId: string | undefined): void {
  if (versionId === undefined || versionId === onlyVersion) return;
  throw refused('InvalidArgument', 'Invalid version id specified');
}
