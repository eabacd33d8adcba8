import { expect, test } from 'vitest';
import type { ErrorCode } from '../../../src/errors.ts';
import { quiet } from '../../contracts/object-store/bytes.ts';
import { expectCode } from '../../contracts/object-store/ground.ts';
import { errorAnswer, type FakeAnswer, fakeHandler, openFakeStore } from './fake-store.ts';

const name = { bucket: 'bucket', key: 'k' };
const upload = { ...name, uploadId: 'id' };
const final: readonly (readonly [number, string, ErrorCode])[] = [
  [404, 'NoSuchBucket', 'not-found'],
  [404, 'NoSuchKey', 'not-found'],
  [404, 'SomethingElse', 'not-found'],
  [412, 'PreconditionFailed', 'precondition'],
  [412, '', 'precondition'],
  [409, 'ConditionalRequestConflict', 'conflict'],
  [409, 'InvalidBucketState', 'store'],
  [409, 'BucketAlreadyOwnedByYou', 'exists'],
  [409, 'BucketAlreadyExists', 'exists'],
  [400, 'InvalidPart', 'invalid-part'],
  [400, 'InvalidPartOrder', 'invalid-part'],
  [400, 'EntityTooSmall', 'invalid-part'],
  [416, 'InvalidRange', 'bad-range'],
  [400, 'KeyTooLongError', 'bad-name'],
  [403, 'InvalidAccessKeyId', 'denied'],
  [403, 'SignatureDoesNotMatch', 'denied'],
  [403, 'AccessDenied', 'denied'],
  [403, 'AnythingElse', 'denied'],
  [401, '', 'denied'],
  [501, 'NotImplemented', 'store'],
  [405, 'MethodNotAllowed', 'store'],
  [400, 'constructor', 'store'],
  [507, 'XMinioStorageFull', 'store'],
];

test.each(final)('%i %s is told once, as %s', async (status, code, expected) => {
  const handler = fakeHandler(() => errorAnswer(status, code, 'in the words of the store'));
  const store = await openFakeStore(handler);
  const error = await expectCode(store.put(name, new Uint8Array(3), {}, {}, quiet), expected);
  expect(handler.sent).toHaveLength(1);
  expect(error.message).toContain('s3:http://127.0.0.1:9');
  expect(error.message).toContain(String(status));
  if (code !== '') expect(error.message).toContain(code);
  expect(error.message).toContain('in the words of the store');
  expect(error.message).toContain('R1');
  // The error of an answer must not hold headers of the request.
  expect(error.cause).toBeUndefined();
});

const transient: readonly (readonly [number, string])[] = [
  [500, 'InternalError'],
  [500, ''],
  [502, ''],
  [503, 'SlowDown'],
  [503, 'ServiceUnavailable'],
  [503, ''],
  [504, ''],
  [429, 'TooManyRequests'],
  [400, 'RequestTimeout'],
  [400, 'IncompleteBody'],
];

test.each(transient)('%i %s is tried again, to the end', async (status, code) => {
  const handler = fakeHandler(() => errorAnswer(status, code));
  const store = await openFakeStore(handler, { maxAttempts: 4 });
  const error = await expectCode(store.put(name, new Uint8Array(3), {}, {}, quiet), 'store');
  expect(handler.sent).toHaveLength(4);
  expect(error.message).toContain('4 attempts');
});

test('what is no document of S3 is told by its status', async () => {
  const html = '<html><body><h1>502 Bad Gateway</h1><p>nginx</body></html>';
  for (const body of [html, '', 'plain text', '{"error":1}', '<Error><Code>Half']) {
    const handler = fakeHandler(() => ({ status: 502, body }));
    const store = await openFakeStore(handler, { maxAttempts: 2 });
    const error = await expectCode(store.head(name, quiet), 'store');
    expect(error.message).toMatch(/the store answered 502.*2 attempts/);
    await expectCode(store.list({ bucket: 'bucket' }, quiet), 'store');
  }
});

test('a text of the store stays on one line, and is cut', async () => {
  const handler = fakeHandler(() => errorAnswer(400, 'Weird', `one&#10;two ${'x'.repeat(5000)}`));
  const store = await openFakeStore(handler);
  const { message } = await expectCode(store.put(name, new Uint8Array(3), {}, {}, quiet), 'store');
  expect(message).toContain('one two xxx');
  expect(message.length).toBeLessThan(700);
});

test('what is missing is named', async () => {
  const answers: FakeAnswer[] = [
    errorAnswer(404, 'NoSuchBucket'),
    errorAnswer(404, 'NoSuchUpload'),
    errorAnswer(404, 'NoSuchKey'),
    { status: 404 },
  ];
  const handler = fakeHandler((_, index) => answers[index]!);
  const store = await openFakeStore(handler);
  const message = async (promise: Promise<unknown>) => (await expectCode(promise, 'not-found')).message;
  expect(await message(store.abortMultipart(upload, quiet))).toContain('There is no bucket "bucket"');
  expect(await message(store.abortMultipart(upload, quiet))).toContain('There is no upload "id" of "bucket/k"');
  expect(await message(store.get(name, quiet))).toContain('There is no object "bucket/k"');
  expect(await message(store.head(name, quiet))).toContain('or no such bucket');
});

test('a write whose answer was lost may have been done, a read need not be', async () => {
  const handler = fakeHandler(() => errorAnswer(500, 'InternalError'));
  const store = await openFakeStore(handler, { maxAttempts: 2 });
  const doubt = 'may have done it all the same';
  expect((await expectCode(store.put(name, new Uint8Array(1), {}, {}, quiet), 'store')).message).toContain(doubt);
  expect((await expectCode(store.head(name, quiet), 'store')).message).not.toContain(doubt);
});

test('after an answer that was lost, an abort that finds nothing has done it, and a bucket that is ours is made', async () => {
  const lost = errorAnswer(500, 'InternalError');
  for (const [second, call] of [
    [errorAnswer(404, 'NoSuchUpload'), 'abort'],
    [errorAnswer(409, 'BucketAlreadyOwnedByYou'), 'bucket'],
  ] as const) {
    const handler = fakeHandler((_, index) => (index === 0 ? lost : second));
    const store = await openFakeStore(handler);
    await (call === 'abort' ? store.abortMultipart(upload, quiet) : store.createBucket('bucket', quiet));
    expect(handler.sent).toHaveLength(2);
  }
});

test('an error of the program is not taken for one of the store', async () => {
  const bug = new TypeError('a bug');
  const handler = fakeHandler(() => Promise.reject(bug));
  const store = await openFakeStore(handler);
  await expect(store.head(name, quiet)).rejects.toBe(bug);
  expect(handler.sent).toHaveLength(1);
});
