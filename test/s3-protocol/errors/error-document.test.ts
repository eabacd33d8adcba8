import { describe, expect, it } from 'vitest';
import { errorDocument } from '../../../src/s3-protocol/errors/error-document.ts';
import { S3Error, s3Error } from '../../../src/s3-protocol/errors/s3-error.ts';
import { s3ErrorCodes } from '../../../src/s3-protocol/errors/s3-error-codes.ts';
import { fc } from '../../support/properties.ts';

const ids = { requestId: 'R1', hostId: 'H1' };

describe('an error of S3', () => {
  it('has the status and the words of its code', () => {
    const error = s3Error('NoSuchKey', { Key: 'a', Size: 5, VersionId: undefined });
    expect(error).toBeInstanceOf(S3Error);
    expect(error.status).toBe(404);
    expect(error.message).toBe('The specified key does not exist.');
    expect(error.fields).toEqual({ Key: 'a', Size: '5' });
    expect(s3Error('NoSuchKey', { message: 'Gone.' }, 'why')).toMatchObject({ message: 'Gone.', cause: 'why' });
  });

  it('has a status that is an error, or 304, whatever its code', () => {
    for (const [code, { status, message }] of Object.entries(s3ErrorCodes)) {
      expect(status === 304 || (status >= 400 && status < 600), code).toBe(true);
      expect(message, code).toMatch(/^[ -~]+$/);
    }
  });
});

describe('the document of an error', () => {
  it('has the elements in the order of S3', () => {
    expect(errorDocument(s3Error('NoSuchBucket', { BucketName: 'photos' }), ids)).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchBucket</Code>' +
        '<Message>The specified bucket does not exist.</Message><BucketName>photos</BucketName>' +
        '<RequestId>R1</RequestId><HostId>H1</HostId></Error>',
    );
  });

  it('does not tell the cause', () => {
    const cause = new Error('the secret', { cause: new Error('another') });
    expect(errorDocument(s3Error('InternalError', {}, cause), ids)).not.toMatch(/secret|another|stack/);
  });

  it('never lets a field out of its element', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const document = errorDocument(s3Error('NoSuchKey', { message: text, Key: text }), ids);
        const shape = /^<\?xml [^<>]*\?>\n<Error><Code>NoSuchKey<\/Code><Message>[^<>]*<\/Message><Key>[^<>]*<\/Key>/;
        expect(document).toMatch(shape);
        expect(document.isWellFormed()).toBe(true);
      }),
    );
  });
});
