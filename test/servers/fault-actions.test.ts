import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { answerBody, asked, part, send, useRecordingStore, withFault } from '../support/fault-proxy/recording-store.ts';

useRecordingStore();

describe('an answer in the place of the store', () => {
  it('before the body, which is then read to its end', async () => {
    const { put, last, reached } = await withFault({
      do: 'answer',
      status: 403,
      code: 'RequestTimeTooSkewed',
      headers: { date: 'Mon, 01 Jan 2024 00:00:00 GMT' },
    });
    const answer = await put();
    expect(answer).toMatchObject({ status: 403, headers: { date: 'Mon, 01 Jan 2024 00:00:00 GMT' } });
    expect(answer.body.toString()).toContain('<Code>RequestTimeTooSkewed</Code>');
    expect(asked).toEqual([]);
    await expect.poll(last).toMatchObject({ requestBytes: part.length, forwardedBytes: 0, status: 403 });
    expect((await last()).storeStatus).toBe(undefined);
    expect(await reached()).toBe(1);
  });

  it('in the middle of the body, of which the peer reads on for a while', async () => {
    const { proxy, last } = await withFault({
      do: 'answer',
      status: 503,
      code: 'SlowDown',
      afterRequestBytes: 100_000,
      readOnMs: 500,
    });
    const request = httpRequest(`${proxy.endpoint}/b/k`, { method: 'PUT', headers: { 'content-length': '900000' } });
    const broken = once(request, 'close');
    request.on('error', () => undefined);
    request.write(part);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(503);
    request.write(part);
    await broken;
    const { requestBytes, requestWhole, body } = await last();
    expect([requestBytes, requestWhole]).toEqual([600_000, false]);
    // What came is there to be looked at.
    expect(Buffer.from(body!, 'base64').equals(Buffer.concat([part, part]))).toBe(true);
  });

  it('after the store has done what it was asked', async () => {
    const { put, last } = await withFault({ do: 'answer', status: 500, code: 'InternalError', forward: true });
    expect((await put()).status).toBe(500);
    expect(asked[0]!.body.equals(part)).toBe(true);
    expect(await last()).toMatchObject({ status: 500, storeStatus: 200 });
  });

  it('to a client that waits to be asked for its body', async () => {
    const { put } = await withFault({ do: 'answer', status: 503 });
    expect((await put({ headers: { expect: '100-continue' } })).status).toBe(503);
  });

  it('with any document and status', async () => {
    const body = '<Error><Code>InternalError</Code></Error>';
    const { complete } = await withFault({ do: 'answer', status: 200, body, afterRequestBytes: 'all' });
    expect(await complete()).toMatchObject({ status: 200, body: Buffer.from(body) });
  });
});

describe('a reset', () => {
  it('before anything was forwarded', async () => {
    const { put, reached } = await withFault({ do: 'reset', at: 'start' });
    await expect(put()).rejects.toThrow(/ECONNRESET|EPIPE|hang up/);
    expect([asked.length, await reached()]).toEqual([0, 1]);
  });

  it('after some of the request', async () => {
    const { put, last, reached } = await withFault({ do: 'reset', at: 'request', afterBytes: 70_000 });
    await expect(put()).rejects.toThrow(/ECONNRESET|EPIPE/);
    expect(await last()).toMatchObject({ forwardedBytes: 70_000, end: 'broken' });
    await expect.poll(() => asked[0]?.body.length).toBe(70_000);
    expect([asked[0]!.whole, await reached()]).toEqual([false, 1]);
  });

  it('after the store has answered, of which nothing arrives', async () => {
    const { put, last, reached } = await withFault({ do: 'reset', at: 'answered' });
    await expect(put()).rejects.toThrow(/ECONNRESET|hang up/);
    expect(asked[0]!.whole).toBe(true);
    expect(await last()).toMatchObject({ storeStatus: 200, end: 'broken' });
    expect([(await last()).status, await reached()]).toEqual([undefined, 1]);
  });

  it.each(['reset', 'close'] as const)('after some of the answer, by %s', async (how) => {
    const { get, last, reached } = await withFault({ do: 'reset', at: 'answer', afterBytes: 5000, how });
    await expect(get()).rejects.toMatchObject({ received: 5000 });
    expect([(await last()).answerBytes, await reached()]).toEqual([5000, 1]);
  });
});

describe('a stall', () => {
  it.each([
    ['start', 'put', 0],
    ['request', 'put', 1000],
    ['answered', 'put', part.length],
    ['answer', 'get', 0],
  ] as const)('%s: nothing moves any more', async (at, what, forwarded) => {
    const fault = await withFault({ do: 'stall', at, afterBytes: 1000 });
    const result = fault[what]().then(
      () => 'answer',
      () => 'broken',
    );
    expect(await Promise.race([result, delay(100, 'nothing')])).toBe('nothing');
    expect(await fault.reached()).toBe(1);
    const logged = await fault.last();
    expect([logged.forwardedBytes, logged.answerBytes]).toEqual([forwarded, at === 'answer' ? 1000 : 0]);
    await fault.proxy.stop();
    expect(await result).toBe('broken');
  });

  it('can end', async () => {
    const { put } = await withFault({ do: 'stall', at: 'request', afterBytes: 1000, forMs: 80 });
    const start = performance.now();
    expect((await put()).status).toBe(200);
    expect(performance.now() - start).toBeGreaterThan(75);
    expect(asked[0]!.body.equals(part)).toBe(true);
  });
});

describe('slowly', () => {
  it('a request goes', async () => {
    const { put, reached } = await withFault({ do: 'slow', request: 1_000_000 });
    const start = performance.now();
    await put();
    expect(performance.now() - start).toBeGreaterThan(250);
    expect([asked[0]!.body.equals(part), await reached()]).toEqual([true, 1]);
  });

  it('an answer comes', async () => {
    const { get } = await withFault({ do: 'slow', answer: 1_000_000 });
    const start = performance.now();
    expect((await get()).body.equals(answerBody)).toBe(true);
    expect(performance.now() - start).toBeGreaterThan(150);
  });
});

describe('an altered answer', () => {
  it('has another status, other headers and another body', async () => {
    const { complete, last, reached } = await withFault({
      do: 'alterAnswer',
      status: 202,
      headers: { 'x-kind': null, 'x-new': 'yes' },
      body: { replace: [['it', 'nothing']], append: '!' },
    });
    const { status, headers, body } = await complete();
    expect([status, headers['x-kind'], headers['x-new']]).toEqual([202, undefined, 'yes']);
    expect(body.toString()).toBe('<Done>nothing</Done>!');
    expect([(await last()).storeStatus, await reached()]).toEqual([200, 1]);
  });

  it('has one bit that is wrong', async () => {
    const { get } = await withFault({ do: 'alterAnswer', body: { flipBits: [8 * 1234 + 3] } });
    const { body } = await get();
    const expected = Buffer.from(answerBody);
    expected[1234]! ^= 8;
    expect(body.equals(expected)).toBe(true);
  });

  it('is shorter, and says so or not', async () => {
    const { get } = await withFault({ do: 'alterAnswer', body: { truncateTo: 10 } });
    expect((await get()).headers['content-length']).toBe('10');
    const other = await withFault({ do: 'alterAnswer', body: { truncateTo: 10 }, length: 'announced' });
    await expect(other.get()).rejects.toMatchObject({ received: 10 });
  });

  it('to HEAD has another length', async () => {
    const { proxy } = await withFault({ do: 'alterAnswer', headers: { 'content-length': '7' } });
    const { headers, body } = await send(`${proxy.endpoint}/b/k`, { method: 'HEAD' });
    expect([headers['content-length'], body.length]).toEqual(['7', 0]);
  });
});

describe('an altered request', () => {
  it('reaches the store with one bit that is wrong', async () => {
    const { put, reached } = await withFault({
      do: 'alterRequest',
      headers: { 'content-md5': null },
      body: { flipBits: [0] },
    });
    expect((await put({ headers: { 'content-md5': 'x', expect: '100-continue' } })).status).toBe(200);
    expect(asked[0]!.headers['content-md5']).toBe(undefined);
    const expected = Buffer.from(part);
    expected[0]! ^= 1;
    expect([asked[0]!.body.equals(expected), await reached()]).toEqual([true, 1]);
  });

  it('cannot be signed by a proxy that knows no secret', async () => {
    const { put, last, reached } = await withFault({ do: 'alterRequest', sign: true });
    await expect(put()).rejects.toThrow();
    expect([await last(), await reached()]).toMatchObject([{ end: 'failed', why: expect.stringContaining('sign') }, 0]);
  });
});

describe('blanks', () => {
  it('and a reset', async () => {
    const { complete, last, reached } = await withFault({ do: 'blanks', count: 3, ending: 'reset' });
    await expect(complete()).rejects.toMatchObject({ received: 3 });
    expect([asked.length, (await last()).storeStatus, await reached()]).toEqual([1, 200, 1]);
  });

  it('and nothing else', async () => {
    const { complete } = await withFault({ do: 'blanks', count: 2, ending: 'end', forward: false });
    expect(await complete()).toMatchObject({ status: 200, body: Buffer.from('  ') });
    expect(asked).toEqual([]);
  });

  it('and the document', async () => {
    const { complete } = await withFault({ do: 'blanks', count: 2, intervalMs: 20, ending: 'answer' });
    expect((await complete()).body.toString()).toBe('  <Done>it</Done>');
  });
});
