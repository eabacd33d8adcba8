import { describe, expect, it } from 'vitest';
import { SealpartError } from '../../../src/errors.ts';
import { S3Error } from '../../../src/s3-protocol/errors/s3-error.ts';
import { noteFault } from '../../support/fault-log.ts';
import { codeOf, RawClient } from './raw-client.ts';
import { echo, type Handle, ok, readBody, streamed, testServer, until } from './test-server.ts';

const put = (lengthBytes: number, more = ''): string =>
  `PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: ${lengthBytes}\r\n${more}\r\n`;

/** What the readers of bodies met, and whether their signals fired. */
function watched(): { readonly errors: unknown[]; readonly signals: AbortSignal[]; readonly handle: Handle } {
  const errors: unknown[] = [];
  const signals: AbortSignal[] = [];
  const handle: Handle = async (request, signal) => {
    signals.push(signal);
    try {
      await readBody(request, signal);
      return ok;
    } catch (error) {
      errors.push(error);
      throw error;
    }
  };
  return { errors, signals, handle };
}

describe('H01: a client that goes away', () => {
  it.each([0, 1, 200_000])(
    'after %i bytes of its body: the reader is told, and the signal fires',
    async (sentBytes) => {
      const { errors, signals, handle } = watched();
      const { port, over, notes, handled } = await testServer(handle);
      const client = await RawClient.connect(port);
      client.send(put(300_000));
      client.send(Buffer.alloc(sentBytes));
      await until(() => handled[0]?.body.receivedBytes === sentBytes, 'what was sent');
      client.socket.resetAndDestroy();
      await over(1);
      expect(errors[0]).toBeInstanceOf(SealpartError);
      expect(errors[0]).toMatchObject({ code: 'aborted' });
      expect(signals[0]!.aborted).toBe(true);
      expect(notes[0]).toMatchObject({ outcome: 'gone', status: 0, receivedBytes: sentBytes });
      noteFault({ id: 'H01', injected: `reset after ${sentBytes} bytes`, reached: errors.length, outcome: 'aborted' });
    },
  );

  it('after the last byte, before the answer: the signal fires', async () => {
    const reasons: unknown[] = [];
    const { port, over, notes } = await testServer(async (request, signal) => {
      await readBody(request, signal);
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      reasons.push(signal.reason);
      return ok;
    });
    const client = await RawClient.connect(port);
    client.send(`${put(3)}abc`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    client.socket.resetAndDestroy();
    await over(1);
    expect(reasons[0]).toMatchObject({ code: 'aborted' });
    expect(notes[0]!.outcome).toBe('gone');
    noteFault({ id: 'H01', injected: 'reset before the answer', reached: reasons.length, outcome: 'signal fired' });
  });

  it('in the middle of its answer: the writer is told, and the body closed', async () => {
    const errors: unknown[] = [];
    const body = streamed(64 * 2 ** 20, async (sink, signal) => {
      try {
        for (let i = 0; i < 64; i++) await sink.write(Buffer.alloc(2 ** 20), signal);
      } catch (error) {
        errors.push(error);
        throw error;
      }
    });
    const { port, over, notes, faults } = await testServer(async () => ({ status: 200, headers: [], body }));
    const client = await RawClient.connect(port);
    client.send('GET /b/k HTTP/1.1\r\nHost: h\r\n\r\n');
    await client.until(() => client.received.length > 100_000, 'some of it');
    client.socket.resetAndDestroy();
    await over(1);
    expect(errors[0]).toMatchObject({ code: 'aborted' });
    expect(body.closed()).toBe(1);
    expect(notes[0]).toMatchObject({ outcome: 'gone', status: 200 });
    expect(faults).toEqual([]);
    noteFault({ id: 'H01', injected: 'reset in an answer', reached: errors.length, outcome: 'aborted, closed once' });
  });

  it.each([
    ['a length', put(10)],
    ['chunks', 'PUT /b/k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n'],
  ])('that ends its side before a body of %s is whole gets IncompleteBody', async (_, head) => {
    const { errors, handle } = watched();
    const { port } = await testServer(handle);
    const client = await RawClient.connect(port);
    client.send(`${head}abc`);
    client.socket.end();
    const answer = await client.answer();
    expect(answer.status).toBe(400);
    expect(codeOf(answer)).toBe('IncompleteBody');
    expect(errors[0]).toBeInstanceOf(S3Error);
    await client.end();
    noteFault({ id: 'H01', injected: 'too few bytes', reached: errors.length, outcome: 'IncompleteBody' });
  });
});

describe('H02: a source that breaks after the 200', () => {
  it.each([false, true])('destroys the connection, and ends nothing (HTTP/1.0: %s)', async (isOld) => {
    const failure = new SealpartError('store', 'The store has gone.');
    let failed = 0;
    const body = streamed(1000, async (sink, signal) => {
      await sink.write(Buffer.alloc(400), signal);
      failed++;
      throw failure;
    });
    const { port, over, notes, refused } = await testServer(async () => ({ status: 200, headers: [], body }));
    const client = await RawClient.connect(port);
    client.send(`GET /b/k HTTP/1.${isOld ? 0 : 1}\r\nHost: h\r\n\r\n`);
    await over(1);
    await client.end();
    expect(client.received.toString('latin1')).toContain('Content-Length: 1000');
    expect(client.received.subarray(client.received.indexOf('\r\n\r\n') + 4)).toHaveLength(400);
    expect(notes[0]).toMatchObject({ outcome: 'broken', status: 200, sentBytes: 400, failure });
    expect(refused).toEqual([]);
    expect(body.closed()).toBe(1);
    noteFault({
      id: 'H02',
      injected: 'the source fails after 400 of 1000 bytes',
      reached: failed,
      outcome: 'destroyed',
    });
  });

  it('is seen by fetch', async () => {
    const body = streamed(2_000_000, async (sink, signal) => {
      await sink.write(Buffer.alloc(1_000_000), signal);
      throw new SealpartError('store', 'The store has gone.');
    });
    const { port } = await testServer(async () => ({ status: 200, headers: [], body }));
    const answer = await fetch(`http://127.0.0.1:${port}/b/k`);
    expect(answer.status).toBe(200);
    await expect(answer.arrayBuffer()).rejects.toThrow();
    noteFault({ id: 'H02', injected: 'the source fails half way', reached: 1, outcome: 'fetch fails' });
  });
});

describe('H04: a client that stalls', () => {
  it('in its body gets RequestTimeout, and its connection is closed', async () => {
    const { errors, handle } = watched();
    const { port, server, over } = await testServer(handle, { limits: { bodyIdleMs: 100, lingerMs: 100 } });
    const client = await RawClient.connect(port);
    client.send(`${put(10)}abc`);
    const answer = await client.answer();
    expect([answer.status, codeOf(answer)]).toEqual([400, 'RequestTimeout']);
    expect(answer.headers.get('connection')).toBe('close');
    await client.end();
    await over(1);
    await until(() => server.openConnections === 0, 'the connection to be closed');
    expect(errors).toHaveLength(1);
    noteFault({
      id: 'H04',
      injected: 'a body that stalls',
      reached: server.counters.bodiesTimedOut,
      outcome: 'RequestTimeout',
    });
  });

  it('as it takes its answer is closed', async () => {
    const body = streamed(64 * 2 ** 20, async (sink, signal) => {
      for (let i = 0; i < 64; i++) await sink.write(Buffer.alloc(2 ** 20), signal);
    });
    const { port, server, over, notes } = await testServer(async () => ({ status: 200, headers: [], body }), {
      limits: { answerIdleMs: 100 },
    });
    const client = await RawClient.connect(port);
    client.socket.pause();
    client.send('GET /b/k HTTP/1.1\r\nHost: h\r\n\r\n');
    await over(1);
    expect(notes[0]!.outcome).toBe('gone');
    expect(body.closed()).toBe(1);
    noteFault({
      id: 'H04',
      injected: 'a reader that stalls',
      reached: server.counters.readersTimedOut,
      outcome: 'closed',
    });
  });

  it('is not blamed for what others take', async () => {
    const { port, server } = await testServer(
      async (request, signal) => {
        await request.body.next(signal);
        await new Promise((resolve) => setTimeout(resolve, 900));
        const rest = await readBody(request, signal);
        const body = streamed(4, async (sink) => {
          await sink.write(Buffer.from('ab'), signal);
          await new Promise((resolve) => setTimeout(resolve, 900));
          await sink.write(Buffer.from('cd'), signal);
        });
        return rest.length === 3 ? { status: 200, headers: [], body } : ok;
      },
      { limits: { bodyIdleMs: 400, answerIdleMs: 400 } },
    );
    const client = await RawClient.connect(port);
    client.send(`${put(6)}abc`);
    await new Promise((resolve) => setTimeout(resolve, 950));
    client.send('def');
    expect((await client.answer()).body.toString()).toBe('abcd');
    expect(server.counters).toMatchObject({ bodiesTimedOut: 0, readersTimedOut: 0 });
  });

  it('before its headers are whole gets RequestTimeout', async () => {
    const { port, server } = await testServer(echo, {
      limits: { headersTimeoutMs: 100, checkIntervalMs: 30, lingerMs: 50 },
    });
    const clients = [await RawClient.connect(port), await RawClient.connect(port)];
    clients[0]!.send('GET /b/k HTTP/1.1\r\nHos');
    for (const client of clients) {
      const answer = await client.answer();
      expect([answer.status, codeOf(answer)]).toEqual([400, 'RequestTimeout']);
      await client.end();
    }
    noteFault({
      id: 'H04',
      injected: 'headers that stall',
      reached: server.counters.malformed,
      outcome: 'RequestTimeout',
    });
  });
});

describe('H08: a body that takes long, but comes', () => {
  it('is taken, however short all limits are', async () => {
    const limits = { bodyIdleMs: 500, headersTimeoutMs: 300, checkIntervalMs: 20, keepAliveMs: 300, answerIdleMs: 500 };
    const { port, server } = await testServer(echo, { limits });
    const client = await RawClient.connect(port);
    client.send(put(40));
    const begun = performance.now();
    for (let i = 0; i < 20; i++) {
      client.send('ab');
      await new Promise((resolve) => setTimeout(resolve, 75));
    }
    const answer = await client.answer();
    expect(answer.status).toBe(200);
    expect(answer.body).toHaveLength(40);
    expect(server.counters.bodiesTimedOut).toBe(0);
    const longerThan = (performance.now() - begun) / Math.max(...Object.values(limits));
    noteFault({
      id: 'H08',
      injected: 'a PUT longer than every limit',
      reached: Math.floor(longerThan),
      outcome: '200',
    });
  });
});
