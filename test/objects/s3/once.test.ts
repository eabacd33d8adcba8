import { describe, expect, test } from 'vitest';
import { quiet } from '../../contracts/object-store/bytes.ts';
import { expectCode } from '../../contracts/object-store/ground.ts';
import { errorAnswer, type FakeAnswer, fakeHandler, openFakeStore } from './fake-store.ts';

const name = { bucket: 'bucket', key: 'key' };
const created: FakeAnswer = {
  body: '<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>',
};

describe('beginning an upload', () => {
  test.each([
    ['500 InternalError', () => errorAnswer(500, 'InternalError')],
    ['a reset', () => Promise.reject(Object.assign(new Error('reset'), { name: 'RequestError', code: 'ECONNRESET' }))],
  ])('is not asked for again after %s: a second one would be found by nobody', async (_what, answer) => {
    const handler = fakeHandler(answer);
    const store = await openFakeStore(handler);
    const { message } = await expectCode(store.createMultipart(name, {}, quiet), 'store');
    expect(message).toContain('may have been done');
    expect(handler.sent).toHaveLength(1);
  });

  test('is asked for again where the store says that it did nothing', async () => {
    const handler = fakeHandler((_request, index) => (index === 0 ? errorAnswer(503, 'SlowDown') : created));
    const store = await openFakeStore(handler);
    expect(await store.createMultipart(name, {}, quiet)).toEqual({ uploadId: 'u1' });
    expect(handler.sent).toHaveLength(2);
  });
});

describe('what another request was in the way of', () => {
  test('is tried again, and is no conflict', async () => {
    const handler = fakeHandler((_request, index) =>
      index < 2 ? errorAnswer(409, 'OperationAborted') : { status: 204 },
    );
    const store = await openFakeStore(handler);
    await store.abortMultipart({ ...name, uploadId: 'u1' }, quiet);
    expect(handler.sent).toHaveLength(3);
  });
});

describe('what is missing', () => {
  test.each([
    ['NoSuchBucket', 'bucket'],
    ['NoSuchUpload', undefined],
  ])('is told apart: %s', async (word, missing) => {
    const store = await openFakeStore(fakeHandler(() => errorAnswer(404, word)));
    const error = await expectCode(store.abortMultipart({ ...name, uploadId: 'u1' }, quiet), 'not-found');
    expect(error.missing).toBe(missing);
  });
});
