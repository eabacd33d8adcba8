import { expect, test } from 'vitest';
import { quiet } from '../../contracts/object-store/bytes.ts';
import { expectCode } from '../../contracts/object-store/ground.ts';
import { errorAnswer, type FakeAnswer, fakeHandler, openFakeStore } from './fake-store.ts';

const name = { bucket: 'bucket', key: 'k' };
const gone = { 'x-amz-delete-marker': 'true' };

test.each<[string, FakeAnswer, string, string | undefined]>([
  ['a version', errorAnswer(404, 'NoSuchVersion'), 'not-found', 'NoSuchVersion'],
  ['a mark of deletion', { ...errorAnswer(405, 'MethodNotAllowed'), headers: gone }, 'store', 'MethodNotAllowed'],
  ['a key whose newest version is one', { ...errorAnswer(404, 'NoSuchKey'), headers: gone }, 'not-found', 'NoSuchKey'],
  ['an archived object', errorAnswer(403, 'InvalidObjectState'), 'denied', 'InvalidObjectState'],
  ['our key', errorAnswer(403, 'InvalidAccessKeyId'), 'denied', 'InvalidAccessKeyId'],
  ['our signature', errorAnswer(403, 'SignatureDoesNotMatch'), 'denied', 'SignatureDoesNotMatch'],
  ['our session', errorAnswer(400, 'ExpiredToken'), 'denied', 'ExpiredToken'],
  ['a request that it does not take', errorAnswer(400, 'InvalidRequest'), 'bad-parameters', 'InvalidRequest'],
  ['a name that is a file there', errorAnswer(409, 'ObjectParentIsFile'), 'bad-name', 'ObjectParentIsFile'],
  ['a word of its own', errorAnswer(400, 'X.Minio9'), 'store', 'X.Minio9'],
  ['what is no word', errorAnswer(400, 'No such thing'), 'store', undefined],
  ['what is too long for one', errorAnswer(400, 'a'.repeat(65)), 'store', undefined],
  ['no word', { status: 403 }, 'denied', undefined],
])('of a get the store said: %s', async (_, answer, code, said) => {
  const store = await openFakeStore(fakeHandler(() => answer));
  expect((await expectCode(store.get(name, quiet), code as never)).said).toBe(said);
});

test.each<[number, Readonly<Record<string, string>>, string, string | undefined]>([
  [404, {}, 'not-found', 'NotFound'],
  [404, gone, 'not-found', 'NoSuchKey'],
  [405, gone, 'store', 'MethodNotAllowed'],
  [412, {}, 'precondition', 'PreconditionFailed'],
  [416, {}, 'bad-range', 'InvalidRange'],
  [403, {}, 'denied', undefined],
  [400, {}, 'store', undefined],
])('of a head the status %i says it, where it is certain', async (status, headers, code, said) => {
  const store = await openFakeStore(fakeHandler(() => ({ status, headers })));
  expect((await expectCode(store.head(name, quiet), code as never)).said).toBe(said);
});

test('what no store said is nothing said', async () => {
  for (const answer of [
    { headers: {} },
    { body: '<html>' },
    { headers: { etag: '"e"', 'x-amz-checksum-crc32': 'x' } },
  ]) {
    const store = await openFakeStore(
      fakeHandler(() => answer),
      { maxAttempts: 1 },
    );
    expect((await expectCode(store.put(name, new Uint8Array(1), {}, {}, quiet), 'store')).said).toBeUndefined();
  }
  const reset = Object.assign(new Error('reset'), { code: 'ECONNRESET' });
  const store = await openFakeStore(
    fakeHandler(() => Promise.reject(reset)),
    { maxAttempts: 1 },
  );
  expect((await expectCode(store.head(name, quiet), 'store')).said).toBeUndefined();
});

test('an error inside of an answer that began well is one', async () => {
  const late = { body: '<?xml version="1.0"?>\n\n   <Error><Code>AccessDenied</Code></Error>' };
  const store = await openFakeStore(fakeHandler(() => late));
  const error = await expectCode(store.list({ bucket: 'bucket' }, quiet), 'denied');
  expect(error.said).toBe('AccessDenied');
});
