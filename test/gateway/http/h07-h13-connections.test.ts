import { describe, expect, it } from 'vitest';
import { s3Error } from '../../../src/s3-protocol/errors/s3-error.ts';
import { noteFault } from '../../support/fault-log.ts';
import { codeOf, RawClient } from './raw-client.ts';
import { echo, ok, readBody, streamed, testServer, until } from './test-server.ts';

const get = 'GET /b/k HTTP/1.1\r\nHost: h\r\n\r\n';

describe('H06: clients that are slow, while others wait', () => {
  const limits = { slowAfterMs: 300, slowBytesPerSecond: 16 * 1024 };

  it('are evicted, the slowest first, and only they', async () => {
    const { port, server, handled } = await testServer(echo, { limits });
    const lengthBytes = 10_000_000;
    const clients = await Promise.all([0, 1, 2].map(() => RawClient.connect(port)));
    for (const client of clients) client.send(`PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: ${lengthBytes}\r\n\r\n`);
    const [slowest, slow, fast] = clients as [RawClient, RawClient, RawClient];
    await until(() => handled.length === 3, 'all requests');
    expect(server.evictSlowest()).toBe(false);
    const sending = setInterval(() => {
      slowest.send('a');
      slow.send(Buffer.alloc(100));
      fast.send(Buffer.alloc(20_000));
    }, 20);
    await until(() => server.transferRates().length === 3, 'rates');
    const rates = server.transferRates().map(({ bytesPerSecond }) => bytesPerSecond);
    expect(Math.min(...rates)).toBeLessThan(1000);
    expect(Math.max(...rates)).toBeGreaterThan(100_000);
    expect(server.evictSlowest()).toBe(true);
    const answer = await slowest.answer();
    expect([answer.status, codeOf(answer)]).toEqual([400, 'RequestTimeout']);
    await until(() => server.activeRequests === 2, 'the slowest to be gone');
    expect(server.evictSlowest()).toBe(true);
    expect((await slow.answer()).status).toBe(400);
    await until(() => server.activeRequests === 1, 'the slow one to be gone');
    expect(server.evictSlowest()).toBe(false);
    clearInterval(sending);
    noteFault({
      id: 'H06',
      injected: 'two slow bodies',
      reached: server.counters.evicted,
      outcome: 'evicted, slowest first',
    });
  });

  it('and take their answers slowly are evicted too', async () => {
    const body = streamed(64 * 2 ** 20, async (sink, signal) => {
      for (let i = 0; i < 64; i++) await sink.write(Buffer.alloc(2 ** 20), signal);
    });
    // The piece under way counts as taken: the bound has to be above it.
    const { port, server, over } = await testServer(async () => ({ status: 200, headers: [], body }), {
      limits: { slowAfterMs: 300, slowBytesPerSecond: 1_000_000 },
    });
    const client = await RawClient.connect(port);
    client.socket.pause();
    client.send(get);
    await until(() => server.evictSlowest(), 'an eviction');
    await over(1);
    expect(body.closed()).toBe(1);
    noteFault({ id: 'H06', injected: 'a slow reader', reached: server.counters.evicted, outcome: 'evicted' });
  });

  it('are not those that we keep waiting', async () => {
    const { port, server, handled } = await testServer(
      async (request, signal) => {
        await request.body.next(signal);
        await new Promise((resolve) => setTimeout(resolve, 700));
        await readBody(request, signal);
        return ok;
      },
      { limits },
    );
    const client = await RawClient.connect(port);
    client.send('PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab');
    await until(() => handled.length === 1, 'the request');
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(server.evictSlowest()).toBe(false);
    client.send('cd');
    expect((await client.answer()).status).toBe(200);
  });
});

describe('H07: more connections than there is room for', () => {
  it('take the place of the one that was idle longest', async () => {
    const { port, server } = await testServer(async () => ok, { limits: { connections: 3 } });
    const clients: RawClient[] = [];
    for (let i = 0; i < 3; i++) {
      const client = await RawClient.connect(port);
      client.send(get);
      await client.answer();
      clients.push(client);
    }
    clients[0]!.send(get);
    await clients[0]!.answer();
    const late = await RawClient.connect(port);
    late.send(get);
    expect((await late.answer()).status).toBe(200);
    await clients[1]!.end();
    for (const client of [clients[0]!, clients[2]!]) {
      client.send(get);
      expect((await client.answer()).status).toBe(200);
    }
    expect(server.openConnections).toBe(3);
    noteFault({
      id: 'H07',
      injected: 'idle connections',
      reached: server.counters.madeRoom,
      outcome: 'the longest closed',
    });
  });

  it('are told to slow down if all are busy, and are taken afterwards', async () => {
    const open = Promise.withResolvers<void>();
    const { port, server, handled } = await testServer(
      async () => {
        await open.promise;
        return ok;
      },
      { limits: { connections: 1 } },
    );
    const busy = await RawClient.connect(port);
    busy.send(get);
    await until(() => handled.length === 1, 'the request');
    const late = await RawClient.connect(port);
    const answer = await late.answer();
    expect([answer.status, codeOf(answer)]).toEqual([503, 'SlowDown']);
    await late.end();
    open.resolve();
    expect((await busy.answer()).status).toBe(200);
    busy.socket.destroy();
    await until(() => server.openConnections === 0, 'all to be closed');
    const later = await RawClient.connect(port);
    later.send(get);
    expect((await later.answer()).status).toBe(200);
    noteFault({ id: 'H07', injected: 'busy connections', reached: server.counters.turnedAway, outcome: '503' });
  });

  it('are closed when they have waited long enough', async () => {
    const { port } = await testServer(async () => ok, { limits: { keepAliveMs: 1 } });
    const client = await RawClient.connect(port);
    client.send(get);
    await client.answer();
    await client.end();
  });
});

describe('H13: a server that closes', () => {
  it('lets what is under way end, takes nothing new, and says so', async () => {
    const open = Promise.withResolvers<void>();
    const { port, server, handled, notes } = await testServer(async (request, signal) => {
      const content = await readBody(request, signal);
      await open.promise;
      const body = streamed(content.length, (sink) => sink.write(content, signal));
      return { status: 200, headers: [], body };
    });
    const idle = await RawClient.connect(port);
    const clients = await Promise.all(Array.from({ length: 100 }, () => RawClient.connect(port)));
    for (const client of clients) client.send('PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nabc');
    await until(() => handled.length === 100, 'all requests');
    const closing = server.close(10_000);
    await idle.end();
    await expect(RawClient.connect(port)).rejects.toThrow(/ECONNREFUSED/);
    for (const client of clients) client.send('def');
    open.resolve();
    for (const client of clients) {
      const answer = await client.answer();
      expect([answer.status, answer.headers.get('connection'), answer.body.toString()]).toEqual([
        200,
        'close',
        'abcdef',
      ]);
      client.socket.end();
    }
    await closing;
    expect(notes.filter(({ outcome }) => outcome === 'sent')).toHaveLength(100);
    noteFault({
      id: 'H13',
      injected: 'close with 100 PUTs under way',
      reached: handled.length,
      outcome: 'all answered',
    });
  });

  it('destroys what is not over by the deadline, and tells its handlers', async () => {
    const signals: AbortSignal[] = [];
    const body = streamed(2 ** 30, async (sink, signal) => {
      for (;;) await sink.write(Buffer.alloc(2 ** 20), signal);
    });
    const { port, server, handled, notes } = await testServer(async (request, signal) => {
      signals.push(signal);
      if (request.method === 'GET') return { status: 200, headers: [], body };
      await readBody(request, signal);
      return ok;
    });
    const clients = [await RawClient.connect(port), await RawClient.connect(port)];
    clients[0]!.send('PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nabc');
    clients[1]!.socket.pause();
    clients[1]!.send(get);
    await until(() => handled.length === 2, 'both requests');
    const begun = performance.now();
    await server.close(100);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(99);
    expect(performance.now() - begun).toBeLessThan(2000);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect(notes.map(({ outcome }) => outcome)).toEqual(['gone', 'gone']);
    expect(body.closed()).toBe(1);
    noteFault({ id: 'H13', injected: 'a deadline that passes', reached: handled.length, outcome: 'destroyed' });
  });

  it('closes at once when it is asked a second time', async () => {
    const { port, server, handled } = await testServer(echo);
    const client = await RawClient.connect(port);
    client.send('PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nabc');
    await until(() => handled.length === 1, 'the request');
    const begun = performance.now();
    const first = server.close(60_000);
    await server.close(0);
    await first;
    expect(performance.now() - begun).toBeLessThan(5000);
    noteFault({ id: 'H13', injected: 'close twice', reached: handled.length, outcome: 'destroyed at once' });
  });
});

describe('H14: no room for a body', () => {
  it('is said before the client is told to go on', async () => {
    const { port, handled } = await testServer(async () => {
      throw s3Error('SlowDown');
    });
    const client = await RawClient.connect(port);
    client.send('PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 300000000\r\nExpect: 100-continue\r\n\r\n');
    const answer = await client.answer();
    expect([answer.status, codeOf(answer)]).toEqual([503, 'SlowDown']);
    expect(handled[0]!.body.receivedBytes).toBe(0);
    noteFault({ id: 'H14', injected: 'SlowDown before 100', reached: handled.length, outcome: '503' });
  });

  it('is read by a client that sends all the same', async () => {
    const { port, handled } = await testServer(async () => {
      throw s3Error('SlowDown');
    });
    const client = await RawClient.connect(port);
    client.send('PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 2000000\r\n\r\n');
    client.send(Buffer.alloc(2_000_000));
    expect((await client.answer()).status).toBe(503);
    await client.end();
    expect(client.error).toBeUndefined();
    expect(handled[0]!.body.receivedBytes).toBe(0);
    noteFault({
      id: 'H14',
      injected: 'SlowDown, and the body comes',
      reached: handled.length,
      outcome: '503, no reset',
    });
  });

  it('lets a client that does not stop send no more than a bound', async () => {
    const { port, server } = await testServer(
      async () => {
        throw s3Error('SlowDown');
      },
      { limits: { lingerBytes: 1_000_000, lingerMs: 5000 } },
    );
    const client = await RawClient.connect(port);
    client.send('PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 2000000000\r\n\r\n');
    const begun = performance.now();
    const piece = Buffer.alloc(2 ** 20);
    while (!client.closed && client.socket.writable) {
      client.send(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => server.openConnections === 0, 'the connection to be closed');
    expect(performance.now() - begun).toBeLessThan(4000);
    noteFault({
      id: 'H14',
      injected: 'a client that never stops',
      reached: server.counters.requests,
      outcome: 'reset',
    });
  });
});
