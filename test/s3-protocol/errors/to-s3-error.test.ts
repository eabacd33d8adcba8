import { describe, expect, it } from 'vitest';
import { type ErrorCode, failureCodes, refusalCodes, SealpartError } from '../../../src/errors.ts';
import { errorDocument } from '../../../src/s3-protocol/errors/error-document.ts';
import { s3Error } from '../../../src/s3-protocol/errors/s3-error.ts';
import { type ErrorSubject, toS3Error } from '../../../src/s3-protocol/errors/to-s3-error.ts';

const object: ErrorSubject = { bucket: 'b', key: 'k' };

const translations: readonly [code: ErrorCode, subject: ErrorSubject, expected: string, fields?: object][] = [
  ['not-found', { bucket: 'b' }, 'NoSuchBucket', { BucketName: 'b' }],
  ['not-found', object, 'NoSuchKey', { Key: 'k' }],
  ['not-found', { ...object, uploadId: 'u' }, 'NoSuchUpload', { UploadId: 'u' }],
  ['not-found', { ...object, versionId: 'v' }, 'NoSuchVersion', { Key: 'k', VersionId: 'v' }],
  ['not-found', {}, 'InternalError'],
  ['precondition', { ...object, condition: 'If-Match' }, 'PreconditionFailed', { Condition: 'If-Match' }],
  ['precondition', object, 'PreconditionFailed', {}],
  ['conflict', { ...object, conditional: true }, 'ConditionalRequestConflict', { Key: 'k' }],
  ['conflict', object, 'OperationAborted'],
  ['bad-name', { bucket: 'B' }, 'InvalidBucketName', { BucketName: 'B' }],
  ['bad-name', { bucket: 'b', key: 'é'.repeat(600) }, 'KeyTooLongError', { Size: '1200', MaxSizeAllowed: '1024' }],
  ['bad-name', object, 'InvalidURI'],
  ['denied', object, 'ServiceUnavailable'],
  ['store', object, 'ServiceUnavailable'],
  ['kms-unavailable', object, 'ServiceUnavailable'],
  ['manifest', object, 'ServiceUnavailable'],
  ['manifest-corrupt', object, 'InternalError'],
  ['worker', object, 'InternalError'],
  ['bad-range', object, 'InvalidRange'],
  ['invalid-part', object, 'InvalidPart'],
];

describe('an error of ours, told to a client', () => {
  it.each(translations)('%s of %j is %s', (code, subject, expected, fields) => {
    const cause = new SealpartError(code, 'detail that is ours');
    const error = toS3Error(cause, subject);
    expect(error.code).toBe(expected);
    expect(error.cause).toBe(cause);
    if (fields !== undefined) expect(error.fields).toEqual(fields);
  });

  it('is the missing bucket if the store said so', () => {
    const flagged = new SealpartError('not-found', 'x', { missing: 'bucket' });
    expect(toS3Error(flagged, object).code).toBe('NoSuchBucket');
    const said = new SealpartError('not-found', 'x', { said: 'NoSuchBucket' });
    expect(toS3Error(said, { ...object, uploadId: 'u' }).code).toBe('NoSuchBucket');
  });

  it('keeps what a store says of the request, and nothing that it says of us', () => {
    const told = (code: ErrorCode, said: string) => toS3Error(new SealpartError(code, 'x', { said }), object).code;
    expect(told('denied', 'AccessDenied')).toBe('AccessDenied');
    expect(told('denied', 'SignatureDoesNotMatch')).toBe('ServiceUnavailable');
    expect(told('store', 'SlowDown')).toBe('SlowDown');
    expect(told('store', 'BadDigest')).toBe('ServiceUnavailable');
    expect(told('not-found', 'NoSuchTagSet')).toBe('NoSuchTagSet');
    expect(told('not-found', 'NoSuchVersion')).toBe('NoSuchKey');
    expect(told('store', 'constructor')).toBe('ServiceUnavailable');
    // Shorter than what S3 takes.
    expect(told('bad-name', 'KeyTooLongError')).toBe('KeyTooLongError');
    expect(told('bad-name', 'XMinioInvalidObjectName')).toBe('InvalidURI');
  });

  it('says what is wrong with a key in the words of the store that does not take it', () => {
    const evidence = { said: 'ObjectParentIsFile', saidWhy: 'Object parent already exists as a file.' };
    const error = toS3Error(new SealpartError('bad-name', 'x', evidence), object);
    expect([error.code, error.message]).toEqual(['InvalidURI', evidence.saidWhy]);
    expect(toS3Error(new SealpartError('bad-name', 'x'), object).message).toMatch(/^The specified URI/);
  });

  it('is an internal error, alike for each, if data was refused or something is wrong with the program', () => {
    const documents = [...refusalCodes.map((code) => new SealpartError(code, `${code}: at frame 3`)), new Error('bug')];
    const texts = documents.map((error) => errorDocument(toS3Error(error, object), { requestId: 'r', hostId: 'h' }));
    expect(new Set(texts).size).toBe(1);
    expect(texts[0]).toContain('<Code>InternalError</Code>');
  });

  it('never shows the message of an error that was not made for clients', () => {
    for (const code of [...failureCodes, ...refusalCodes]) {
      const error = toS3Error(new SealpartError(code, 'detail that is ours'), object);
      expect(errorDocument(error, { requestId: 'r', hostId: 'h' })).not.toContain('detail');
    }
  });

  it('stays what it is if it is S3 that speaks', () => {
    const error = s3Error('BadDigest');
    expect(toS3Error(error)).toBe(error);
  });
});
