import { type ErrorCode, SealpartError } from '../../errors.ts';
import type { ObjectName, UploadName } from '../object-store.ts';
import { objectLabel, quoted } from './names.ts';

/** What a request cannot have, with S3's word for it, which stands in the message too, and S3's sentence where it has one. */
export function refused(said: string, reason: string, code: ErrorCode = 'bad-parameters'): SealpartError {
  return new SealpartError(code, `${reason} (${said}).`, { said, saidWhy: reason });
}

export function noBucket(bucket: string): SealpartError {
  const said = 'NoSuchBucket';
  return new SealpartError('not-found', `There is no bucket ${quoted(bucket)} (${said}).`, { missing: 'bucket', said });
}

export function noObject(name: ObjectName): SealpartError {
  return refused('NoSuchKey', `There is no object ${objectLabel(name)}`, 'not-found');
}

export function noUpload(name: UploadName): SealpartError {
  const which = `There is no upload ${quoted(name.uploadId)} of ${objectLabel(name)}`;
  return refused('NoSuchUpload', `${which}: it was completed, aborted or never begun`, 'not-found');
}
