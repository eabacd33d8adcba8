import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startFaultProxyProcess } from '../support/fault-proxy/fault-proxy-process.ts';
import type { FaultRule } from '../support/fault-proxy/fault-rule.ts';
import { sentParts } from '../support/fault-proxy/proxied-request.ts';
import {
  asked,
  part,
  proxied,
  send,
  storeAddress,
  useRecordingStore,
  withFault,
} from '../support/fault-proxy/recording-store.ts';

useRecordingStore();

describe('without a rule', () => {
  it('everything passes as it is, and is logged', async () => {
    const proxy = await proxied();
    const url = `${proxy.endpoint}/b/a%2Fb//c?partNumber=7&uploadId=u%2B1`;
    const answer = await send(url, {
      method: 'PUT',
      body: part,
      headers: { expect: '100-continue', authorization: 'secret', 'x-Amz-Mixed': 'Case' },
    });
    expect([answer.status, answer.headers.etag]).toEqual([200, '"etag"']);
    expect(asked[0]).toMatchObject({ url: '/b/a%2Fb//c?partNumber=7&uploadId=u%2B1', whole: true });
    expect(asked[0]!.body.equals(part)).toBe(true);
    // The client's own Host, for which it has signed.
    expect(asked[0]!.headers).toMatchObject({ host: new URL(proxy.endpoint).host, 'x-amz-mixed': 'Case' });
    const [logged] = await proxy.log();
    expect(logged).toMatchObject({
      ...{ seq: 1, connection: 1, method: 'PUT', operation: 'UploadPart', bucket: 'b', key: 'a/b//c' },
      query: { partNumber: '7', uploadId: 'u+1' },
      ...{ requestBytes: part.length, forwardedBytes: part.length, requestWhole: true, answerBytes: 0 },
      ...{ status: 200, storeStatus: 200, end: 'answered', answerHeaders: { etag: '"etag"' } },
    });
    expect(logged!.endedMs! - logged!.startedMs).toBeGreaterThanOrEqual(0);
    expect(JSON.stringify(logged)).not.toContain('secret');
  });

  it('connections are kept, for requests and answers of every kind', async () => {
    const proxy = await proxied();
    const responses: number[] = [];
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    for (const [method, body] of [['GET'], ['HEAD'], ['POST', 'in chunks'], ['PUT', ''], ['GET']] as const) {
      const request = httpRequest(`${proxy.endpoint}/b/k`, { method, agent });
      if (method === 'POST') request.write('first ');
      request.end(body);
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      let bytes = 0;
      for await (const chunk of response) bytes += (chunk as Buffer).length;
      responses.push(bytes);
    }
    expect(responses).toEqual([200_000, 0, 15, 0, 200_000]);
    expect(asked[2]!.body.toString()).toBe('first in chunks');
    const log = await proxy.log();
    expect(log.map(({ operation }) => operation)).toEqual([
      'GetObject',
      'HeadObject',
      'Other',
      'PutObject',
      'GetObject',
    ]);
    expect(new Set(log.map(({ connection }) => connection))).toEqual(new Set([1]));
    expect(log.map(({ answerBytes }) => answerBytes)).toEqual(responses);
  });

  it('a client that leaves takes its request to the store with it', async () => {
    const { proxy } = await withFault({ do: 'stall', at: 'answered' }, { match: { method: 'NONE' } });
    const request = httpRequest(`${proxy.endpoint}/b/k`, { method: 'PUT', headers: { 'content-length': '1000000' } });
    request.on('error', () => undefined);
    request.write(part);
    await expect.poll(() => asked[0]?.body.length).toBe(part.length);
    request.destroy();
    await expect.poll(async () => (await proxy.log())[0]?.end).toBe('client-gone');
    expect(asked[0]!.whole).toBe(false);
  });

  it('a store that leaves, or is not there, ends in a reset', async () => {
    const proxy = await proxied({ upstream: 'http://127.0.0.1:1' });
    await expect(send(`${proxy.endpoint}/b/k`)).rejects.toThrow(/ECONNRESET|hang up/);
    expect((await proxy.log())[0]).toMatchObject({ end: 'store-gone', why: expect.stringContaining('ECONNREFUSED') });
  });
});

describe('a rule', () => {
  it('is applied to the nth of what it matches, and counts', async () => {
    const proxy = await proxied();
    const rule = await proxy.addRule({
      name: 'second and third',
      match: { operation: ['UploadPart', 'PutObject'], bucket: 'b', query: { uploadId: 'u' } },
      nth: 2,
      times: 2,
      action: { do: 'answer', status: 503, code: 'SlowDown' },
    });
    const statuses: number[] = [];
    for (const partNumber of [1, 2, 3, 4]) {
      const url = `${proxy.endpoint}/b/k?partNumber=${partNumber}&uploadId=u`;
      statuses.push((await send(url, { method: 'PUT' })).status);
      await send(`${proxy.endpoint}/other/k?partNumber=${partNumber}&uploadId=u`, { method: 'PUT' });
    }
    expect(statuses).toEqual([200, 503, 503, 200]);
    expect(await rule.counts()).toEqual({ matched: 4, hit: 2, reached: 2 });
    expect((await proxy.log()).filter((request) => request.rule === 'second and third')).toHaveLength(2);
    await rule.remove();
  });

  it('that was added first goes first; a condition of any kind can be given', async () => {
    const proxy = await proxied();
    const first = await proxy.addRule({
      match: { where: ({ key }) => key.startsWith('x') },
      times: 'always',
      action: { do: 'answer', status: 500 },
    });
    const second = await proxy.addRule({ match: { method: 'GET' }, action: { do: 'answer', status: 404 } });
    expect((await send(`${proxy.endpoint}/b/x1`)).status).toBe(500);
    expect((await send(`${proxy.endpoint}/b/x2`)).status).toBe(500);
    expect((await send(`${proxy.endpoint}/b/y`)).status).toBe(200);
    expect([await first.counts(), await second.counts()]).toEqual([
      { matched: 2, hit: 2, reached: 2 },
      { matched: 3, hit: 0, reached: 0 },
    ]);
  });

  it('is not reached by what is too short for it', async () => {
    const { put, handle } = await withFault({ do: 'reset', at: 'request', afterBytes: part.length + 1 });
    expect((await put()).status).toBe(200);
    expect(await handle.counts()).toEqual({ matched: 1, hit: 1, reached: 0 });
    await expect(handle.whenReached(1, 20)).rejects.toThrow('reached 0 times of 1');
  });
});

describe('more', () => {
  it('a request can come to the store twice', async () => {
    const { put, reached, last } = await withFault({ do: 'duplicate' });
    expect((await put()).status).toBe(200);
    expect(asked.map(({ body }) => body.equals(part))).toEqual([true, true]);
    expect([await reached(), (await last()).requestBytes]).toEqual([1, part.length]);
  });

  it('nothing can be there for a while', async () => {
    const { proxy, get } = await withFault({ do: 'slow', answer: 1000 });
    const running = get();
    running.catch(() => undefined);
    await expect.poll(async () => (await proxy.log())[0]?.answerBytes).toBeGreaterThan(0);
    await proxy.refuse(true);
    await expect(running).rejects.toThrow(/aborted|ECONNRESET/);
    await expect(get()).rejects.toThrow('ECONNREFUSED');
    await proxy.refuse(false);
    expect((await get()).status).toBe(200);
  });

  it('what was sent of each part is counted', async () => {
    const { proxy, put } = await withFault({ do: 'reset', at: 'request', afterBytes: 1000 });
    await put().catch(() => undefined);
    await put();
    await send(`${proxy.endpoint}/b/k?partNumber=2&uploadId=other`, { method: 'PUT', body: part });
    const log = await proxy.log();
    const sent = sentParts(log, 'u');
    expect([...sent.keys()]).toEqual([1]);
    expect(sent.get(1)).toEqual([
      { bytes: expect.any(Number), stored: false },
      { bytes: part.length, stored: true },
    ]);
    expect([...sentParts(log).keys()]).toEqual([1, 2]);
    await proxy.clearLog();
    expect(await proxy.log()).toEqual([]);
  });

  it('a client that speaks no HTTP is sent away', async () => {
    const proxy = await proxied();
    const socket = connect(Number(new URL(proxy.endpoint).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(Buffer.alloc(200_000, 'x'));
    await new Promise((resolve) => {
      socket.once('close', resolve);
    });
    expect(await proxy.log()).toEqual([]);
  });
});

describe('in a process of its own', () => {
  it('it does the same', async () => {
    const proxy = await startFaultProxyProcess({
      upstream: storeAddress(),
      keepBodies: true,
      rules: [{ match: { partNumber: 2 }, action: { do: 'answer', status: 503, code: 'SlowDown' } }],
    });
    onTestFinished(() => proxy.stop());
    const later = await proxy.addRule({ match: { partNumber: 3 }, action: { do: 'reset', at: 'answered' } });
    const put = (partNumber: number) =>
      send(`${proxy.endpoint}/b/k?partNumber=${partNumber}&uploadId=u`, { method: 'PUT', body: part });
    expect([(await put(1)).status, (await put(2)).status]).toEqual([200, 503]);
    await expect(put(3)).rejects.toThrow(/ECONNRESET|hang up/);
    await later.whenReached();
    expect(await later.counts()).toEqual({ matched: 1, hit: 1, reached: 1 });
    await later.remove();
    const log = await proxy.log();
    expect(log.map(({ end, status }) => [end, status])).toEqual([
      ['answered', 200],
      ['answered', 503],
      ['broken', undefined],
    ]);
    expect(Buffer.from(log[0]!.body!, 'base64').equals(part)).toBe(true);
    await proxy.clearLog();
    expect(await proxy.log()).toEqual([]);
    await proxy.refuse(true);
    await expect(put(4)).rejects.toThrow('ECONNREFUSED');
  });

  it('it refuses what it cannot be told', async () => {
    const proxy = await startFaultProxyProcess({ upstream: storeAddress() });
    onTestFinished(() => proxy.stop());
    const rule: FaultRule = { match: { where: () => true }, action: { do: 'reset', at: 'start' } };
    await expect(proxy.addRule(rule)).rejects.toThrow('function');
  });
});
