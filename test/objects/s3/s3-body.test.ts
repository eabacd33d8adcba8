import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { patternBytes, quiet, readBody } from '../../contracts/object-store/bytes.ts';
import { expectBytes, expectCode } from '../../contracts/object-store/ground.ts';
import { errorAnswer, type FakeAnswer, fakeHandler, openFakeStore, type SentRequest } from './fake-store.ts';

const name = { bucket: 'bucket', key: 'k' };
const content = patternBytes(300_000, 1);

/** A stream that gives so many bytes of these, and then fails. */
function broken(bytes: Uint8Array, count: number, code = 'ECONNRESET'): Readable {
  let given = 0;
  return new Readable({
    read() {
      if (given >= count) {
        this.destroy(Object.assign(new Error('the connection broke'), { code }));
        return;
      }
      const next = Math.min(given + 20_000, count);
      this.push(bytes.subarray(given, next));
      given = next;
    },
  });
}

/** Answers ranges of the content as S3 does. */
function answerRange(
  request: SentRequest,
  more: Readonly<Record<string, string>> = {},
): FakeAnswer & { bytes: Uint8Array } {
  const match = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
  const [first, last] = match ? [Number(match[1]), Number(match[2])] : [0, content.length - 1];
  const bytes = content.subarray(first, last + 1);
  const range = match ? { 'content-range': `bytes ${first}-${last}/${content.length}` } : {};
  const headers = { etag: '"e"', 'content-length': String(bytes.length), ...range, ...more };
  return { status: match ? 206 : 200, headers, body: Buffer.from(bytes), bytes };
}

test('a body that breaks is gone on with where it stopped, of the same object and version', async () => {
  const handler = fakeHandler((request, index) => {
    const answer = answerRange(request, { 'x-amz-version-id': 'v1' });
    return index < 3 ? { ...answer, body: broken(answer.bytes, 70_001) } : answer;
  });
  const store = await openFakeStore(handler);
  const body = await store.get(name, quiet);
  expectBytes(await readBody(body), content);
  await body.close();
  const [first, ...others] = handler.sent;
  expect(first!.headers).not.toHaveProperty('if-match');
  const starts = others.map(({ headers, query }) => {
    expect([headers['if-match'], query.versionId]).toEqual(['"e"', 'v1']);
    return Number(/^bytes=(\d+)-299999$/.exec(headers.range!)![1]);
  });
  expect(starts).toHaveLength(3);
  expect(starts).toEqual([...new Set(starts)].sort((a, b) => a - b));
  expect(starts[0]).toBeGreaterThan(0);
});

test('an answer that ends too early without an error is gone on with', async () => {
  const handler = fakeHandler((request, index) => {
    const answer = answerRange(request);
    return index === 0 ? { ...answer, body: Buffer.from(answer.bytes.subarray(0, 1000)) } : answer;
  });
  const store = await openFakeStore(handler);
  const body = await store.get({ ...name, range: { first: 10, last: 99_999 } }, quiet);
  expectBytes(await readBody(body), content.subarray(10, 100_000));
  expect(handler.sent[1]!.headers.range).toBe('bytes=1010-99999');
});

test('an object that was replaced meanwhile is not gone on with', async () => {
  for (const second of [
    errorAnswer(412, 'PreconditionFailed'),
    {
      headers: { etag: '"other"', 'content-range': 'bytes 1000-299999/300000', 'content-length': '299000' },
      status: 206,
    },
    { headers: { etag: '"e"', 'content-range': 'bytes 1000-299999/300001', 'content-length': '299000' }, status: 206 },
  ]) {
    const handler = fakeHandler((request, index) => {
      const answer = answerRange(request);
      return index === 0 ? { ...answer, body: broken(answer.bytes, 1000) } : second;
    });
    const store = await openFakeStore(handler);
    const body = await store.get(name, quiet);
    await expectCode(readBody(body), 'precondition');
    await expectCode(body.read(new Uint8Array(1), quiet), 'store');
    await body.close();
  }
});

test('a body that breaks again and again fails, and is not short', async () => {
  const handler = fakeHandler((request) => {
    const answer = answerRange(request);
    return { ...answer, body: broken(answer.bytes, 10) };
  });
  const store = await openFakeStore(handler, { maxAttempts: 3 });
  const body = await store.get(name, quiet);
  const error = await expectCode(readBody(body), 'store');
  expect(error.message).toMatch(/again and again/);
  expect(handler.sent).toHaveLength(4);
});

test('a body that stalls is ended, and gone on with', async () => {
  let destroyed = 0;
  const handler = fakeHandler((request, index) => {
    const answer = answerRange(request);
    if (index > 0) return answer;
    const stalled = new Readable({ read() {} });
    stalled.push(answer.bytes.subarray(0, 1000));
    stalled.once('close', () => {
      destroyed += 1;
    });
    return { ...answer, body: stalled };
  });
  const store = await openFakeStore(handler, { idleTimeoutMs: 50 });
  const body = await store.get(name, quiet);
  expectBytes(await readBody(body), content);
  expect(destroyed).toBe(1);
});

test('closing a body before its end ends the connection; after its end it does not', async () => {
  const streams: Readable[] = [];
  const handler = fakeHandler((request) => {
    const answer = answerRange(request);
    const stream = Readable.from([Buffer.from(answer.bytes)], { objectMode: false, autoDestroy: false });
    streams.push(stream);
    return { ...answer, body: stream };
  });
  const store = await openFakeStore(handler);
  const early = await store.get(name, quiet);
  await early.read(new Uint8Array(10), quiet);
  await early.close();
  expect(streams[0]!.destroyed).toBe(true);
  const whole = await store.get({ ...name, range: { first: 0, last: 9 } }, quiet);
  await whole.read(new Uint8Array(10), quiet);
  await whole.close();
  await expect.poll(() => streams[1]!.readableEnded).toBe(true);
  expect(streams[1]!.destroyed).toBe(false);
});

test('closing a body, or the store, ends a read', async () => {
  const handler = fakeHandler((request) => ({ ...answerRange(request), body: new Readable({ read() {} }) }));
  const store = await openFakeStore(handler);
  const one = await store.get(name, quiet);
  const two = await store.get(name, quiet);
  const reading = [one, two].map((body) => expectCode(body.read(new Uint8Array(10), quiet), 'aborted'));
  await one.close();
  await reading[0];
  await store.close();
  await reading[1];
  expect(handler.sent).toHaveLength(2);
});

test('a read that is cancelled takes the body with it', async () => {
  const handler = fakeHandler((request) => ({ ...answerRange(request), body: new Readable({ read() {} }) }));
  const store = await openFakeStore(handler);
  const body = await store.get(name, quiet);
  const controller = new AbortController();
  const reading = body.read(new Uint8Array(10), controller.signal);
  controller.abort();
  await expectCode(reading, 'aborted');
  await expectCode(body.read(new Uint8Array(10), quiet), 'store');
  expect(handler.sent).toHaveLength(1);
});

test('an ETag that is not the one asked for is refused also where the store ignores If-Match', async () => {
  const handler = fakeHandler((request) => answerRange(request));
  const store = await openFakeStore(handler);
  await expectCode(store.get({ ...name, ifMatch: 'other' }, quiet), 'precondition');
  const body = await store.get({ ...name, ifMatch: 'e' }, quiet);
  expectBytes(await readBody(body), content);
});
