import { describe, expect, it } from 'vitest';
import { S3Error } from '../../../src/s3-protocol/errors/s3-error.ts';
import { checkForwardedBody } from '../../../src/s3-protocol/routes/check-forwarded-body.ts';
import type { Access } from '../../../src/s3-protocol/routes/operation.ts';
import { type Route, routeRequest } from '../../../src/s3-protocol/routes/route-request.ts';

type Headers = Readonly<Record<string, string>>;

function route(method: string, target: string, headers: Headers = {}): Route {
  return routeRequest({ method, target, headers: Object.entries(headers) });
}

function refusalOf(method: string, target: string, headers: Headers = {}): S3Error {
  try {
    const { operation } = route(method, target, headers);
    throw new Error(`accepted as ${operation.name}`);
  } catch (error) {
    if (error instanceof S3Error) return error;
    throw error;
  }
}

describe('a request', () => {
  it.each<[string, string, string, Access]>([
    ['GET', '/', 'ListBuckets', 'read'],
    ['GET', '/bucket', 'ListObjects', 'read'],
    ['GET', '/bucket?list-type=2&prefix=a', 'ListObjectsV2', 'read'],
    ['GET', '/bucket/?versions', 'ListObjectVersions', 'read'],
    ['GET', '/bucket/k', 'GetObject', 'read'],
    ['GET', '/bucket/k?x-id=GetObject&versionId=1&response-expires=x', 'GetObject', 'read'],
    ['HEAD', '/bucket/k?partNumber=1', 'HeadObject', 'read'],
    ['PUT', '/bucket/k?x-id=PutObject', 'PutObject', 'write'],
    ['DELETE', '/bucket/k?versionId=null', 'DeleteObject', 'write'],
    ['POST', '/bucket?delete', 'DeleteObjects', 'write'],
    ['PUT', '/bucket', 'CreateBucket', 'admin'],
    ['PUT', '/bucket?acl', 'PutBucketAcl', 'admin'],
    ['PUT', '/bucket/k?tagging', 'PutObjectTagging', 'write'],
    ['OPTIONS', '/bucket/k?anything=1', 'Preflight', 'none'],
    ['OPTIONS', '/bucket', 'Preflight', 'none'],
  ])('%s %s is %s for %s', (method, target, name, access) => {
    const { operation, access: needed } = route(method, target);
    expect([operation.name, needed]).toEqual([name, access]);
  });

  it.each<[string, string, Headers, string, object]>([
    ['GET', '/bucket?acl&tagging', {}, 'NotImplemented', { ArgumentName: 'acl' }],
    ['GET', '/bucket?list-type=3', {}, 'NotImplemented', { ArgumentName: 'list-type' }],
    ['GET', '/bucket/k?x-id=HeadObject', {}, 'NotImplemented', { ArgumentName: 'x-id' }],
    ['GET', '/bucket/k?versionid=1', {}, 'NotImplemented', { ArgumentName: 'versionid' }],
    ['GET', '/bucket/k?response-content-typ=1', {}, 'NotImplemented', {}],
    ['PUT', '/bucket/k?uploads', {}, 'NotImplemented', {}],
    ['PUT', '/bucket/k?append', {}, 'NotImplemented', {}],
    ['PUT', '/bucket/k?versionId=1', {}, 'NotImplemented', {}],
    ['PUT', '/bucket/k', { 'x-amz-copy-source': 'b/k' }, 'NotImplemented', {}],
    ['PUT', '/bucket/k', { 'X-Amz-Write-Offset-Bytes': '5' }, 'NotImplemented', { Header: 'x-amz-write-offset-bytes' }],
    ['PUT', '/bucket/k', { 'x-amz-server-side-encryption': 'aws:kms' }, 'NotImplemented', {}],
    ['PUT', '/bucket/k', { 'Content-Range': 'bytes 0-1/2' }, 'NotImplemented', { Header: 'Content-Range' }],
    ['PUT', '/bucket/k', { 'x-amz-tagging': 'a=1', 'X-Amz-Tagging': 'a=2' }, 'InvalidRequest', {}],
    ['GET', '/bucket/k', { 'x-amz-tagging': 'a=b' }, 'NotImplemented', { Header: 'x-amz-tagging' }],
    ['GET', '/bucket/k', { 'x-amz-server-side-encryption-customer-key': 'x' }, 'NotImplemented', {}],
    ['GET', '/bucket/k?x-amz-acl=private', {}, 'NotImplemented', { ArgumentName: 'x-amz-acl' }],
    ['GET', '/bucket/k?uploads', {}, 'InvalidRequest', {}],
    ['GET', '/bucket/k?versions', {}, 'InvalidRequest', {}],
    [
      'PUT',
      '/bucket/k?partNumber=1',
      {},
      'InvalidArgument',
      { ArgumentName: 'partNumber', ArgumentValue: 'partNumber' },
    ],
    ['PUT', '/bucket/k?uploadId=1', {}, 'MethodNotAllowed', { Method: 'PUT', ResourceType: 'UPLOAD' }],
    ['POST', '/', {}, 'MethodNotAllowed', { Method: 'POST', ResourceType: 'SERVICE' }],
    ['POST', '/bucket/k', {}, 'MethodNotAllowed', { Method: 'POST', ResourceType: 'SERVICE' }],
    ['PATCH', '/bucket/k', {}, 'MethodNotAllowed', {}],
    ['OPTIONS', '/', {}, 'MethodNotAllowed', {}],
    ['get', '/bucket/k', {}, 'MethodNotAllowed', {}],
    ['POST', '/bucket', { 'content-type': 'multipart/form-data' }, 'NotImplemented', {}],
    ['GET', '/bucket/k', { 'x-amz-copy-source': 'b/k' }, 'InvalidArgument', { ArgumentValue: 'b/k' }],
    ['DELETE', '/bucket', { 'x-amz-copy-source': 'b/k' }, 'InvalidArgument', {}],
    ['POST', '/bucket/k?uploadId=u', { 'x-amz-copy-source': 'b/k' }, 'InvalidArgument', {}],
    ['GET', '/bucket/.sealpart/held/x', {}, 'AccessDenied', {}],
    ['PUT', '/bucket/%2Esealpart%2Fx', {}, 'AccessDenied', {}],
    ['PUT', '/bucket/.sealpart/x?tagging', {}, 'AccessDenied', {}],
  ])('%s %s %j is refused: %s', (method, target, headers, code, fields) => {
    expect(refusalOf(method, target, headers)).toMatchObject({ code, fields });
  });

  it('may have the headers that every client sends', () => {
    const common = {
      'x-amz-date': 'd',
      'X-Amz-Content-SHA256': 'UNSIGNED-PAYLOAD',
      'x-amz-security-token': 't',
      'x-amz-user-agent': 'aws-sdk-js/3',
      'x-amz-expected-bucket-owner': '1',
      'x-amz-request-payer': 'requester',
      'amz-sdk-request': 'attempt=1; max=3',
      range: 'bytes=0-',
      'if-match': '"e"',
    };
    expect(route('GET', '/bucket/k', common).operation.name).toBe('GetObject');
    const ofBodies = {
      'x-amz-decoded-content-length': '5',
      'x-amz-trailer': 'x-amz-checksum-crc32',
      'x-amz-sdk-checksum-algorithm': 'CRC32',
      'x-amz-checksum-sha256': 'x',
      'x-amz-meta-anything': 'x',
      'X-Amz-Meta-Anything': 'of which several are one',
      'x-amz-storage-class': 'STANDARD',
      'x-amz-server-side-encryption': 'AES256',
    };
    expect(route('PUT', '/bucket/k', { ...common, ...ofBodies }).operation.name).toBe('PutObject');
  });

  it('needs an admin for what gives rights or takes time away', () => {
    const access = (headers: Headers, method = 'PUT') => route(method, '/bucket/k', headers).access;
    expect(access({ 'x-amz-acl': 'private' })).toBe('write');
    expect(access({ 'x-amz-acl': 'public-read' })).toBe('admin');
    expect(access({ 'X-Amz-Grant-Read': 'id="x"' })).toBe('admin');
    expect(access({ 'x-amz-object-lock-mode': 'COMPLIANCE' })).toBe('admin');
    expect(access({ 'x-amz-bypass-governance-retention': 'true' }, 'DELETE')).toBe('admin');
    expect(access({ 'x-amz-bypass-governance-retention': 'false' }, 'DELETE')).toBe('write');
    const post = route('POST', '/bucket?delete', { 'x-amz-bypass-governance-retention': 'TRUE' });
    expect(post.access).toBe('admin');
  });
});

describe('a presigned URL', () => {
  const signature =
    'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a%2F20240101%2Fus-east-1%2Fs3%2Faws4_request' +
    '&X-Amz-Date=20240101T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=0';

  it('has its signature, and headers in its query', () => {
    const { operation, headers, access } = route(
      'PUT',
      `/bucket/k?${signature}&x-amz-acl=public-read&X-Amz-Meta-A=caf%C3%A9&x-id=PutObject`,
      { host: 'h' },
    );
    expect(operation.name).toBe('PutObject');
    expect(access).toBe('admin');
    expect(headers).toEqual([
      ['host', 'h'],
      ['x-amz-acl', 'public-read'],
      ['x-amz-meta-a', 'caf\u00c3\u00a9'],
    ]);
  });

  it.each([
    ['GET', 'x-amz-tagging=a', 'NotImplemented'],
    ['PUT', 'x-amz-copy-source=b%2Fk', 'NotImplemented'],
    ['GET', 'x-amz-copy-source=b%2Fk', 'InvalidArgument'],
    ['PUT', 'x-amz-meta-a=b%0D%0Ac', 'InvalidArgument'],
    ['PUT', 'x-amz-tagging=a&X-Amz-Tagging=b', 'InvalidRequest'],
    ['PUT', 'other=1', 'NotImplemented'],
  ])('is held to the same rules: %s %s is %s', (method, query, code) => {
    expect(refusalOf(method, `/bucket/k?${signature}&${query}`).code).toBe(code);
  });

  it('of the second version gets as far as to who refuses it', () => {
    expect(route('GET', '/bucket/k?AWSAccessKeyId=a&Expires=1&Signature=s').operation.name).toBe('GetObject');
  });
});

describe('the body of a forwarded request', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const check = (method: string, target: string, text: string) => () =>
    checkForwardedBody(route(method, target).operation.body, bytes(text));

  it.each([
    ['PUT', '/bucket', ''],
    ['PUT', '/bucket', '<CreateBucketConfiguration/>'],
    ['PUT', '/bucket?acl', ''],
    ['PUT', '/bucket?policy', '{}'],
    ['GET', '/bucket?policy', ''],
    ['PUT', '/bucket/k?retention', '<Retention><Mode>GOVERNANCE</Mode></Retention>'],
  ])('%s %s %s', (method, target, text) => {
    check(method, target, text)();
  });

  it.each([
    ['PUT', '/bucket', '<Other/>', 'MalformedXML'],
    ['PUT', '/bucket?cors', '', 'MissingRequestBodyError'],
    ['PUT', '/bucket?policy', '', 'MissingRequestBodyError'],
    ['PUT', '/bucket?policy', '<Policy/>', 'MalformedPolicy'],
    ['PUT', '/bucket?tagging', '{}', 'MalformedXML'],
    ['DELETE', '/bucket?cors', 'x', 'UnexpectedContent'],
    ['PUT', '/bucket?cors', ' '.repeat(1024 * 1024 + 1), 'MaxMessageLengthExceeded'],
  ])('%s %s %.20s is refused: %s', (method, target, text, code) => {
    expect(check(method, target, text)).toThrow(expect.objectContaining({ code }));
  });
});
