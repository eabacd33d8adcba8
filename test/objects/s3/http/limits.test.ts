import { stat } from 'node:fs/promises';
import { buffer, text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { RequestError } from '../../../../src/objects/s3/http/request-error.ts';
import { sharedBytes, startPeer, testHandler } from './raw-peer.ts';

// H04: nothing waits for ever, and nothing is given up that moves.

const idleTimeoutMs = 200;

async function failureOf(work: Promise<unknown>): Promise<{ error: RequestError; tookMs: number }> {
  const startMs = performance.now();
  const error = await work.then(
    () => undefined,
    (error: unknown) => error as RequestError,
  );
  return { error: error!, tookMs: performance.now() - startMs };
}

describe.each([{ secure: false }, { secure: true }])('H04: a peer that stands still, TLS: $secure', ({ secure }) => {
  it('while the body is sent', async () => {
    const peer = await startPeer(async (connection) => void (await connection.read(1_000_000)), { secure });
    const body = sharedBytes(32_000_000, 1);
    const { error, tookMs } = await failureOf(testHandler({ idleTimeoutMs }).handle(peer.request({ body })));
    expect(error).toBeInstanceOf(RequestError);
    expect(error).toMatchObject({ name: 'TimeoutError', code: 'ETIMEDOUT', stage: 'sending', staleSocket: false });
    expect(error.message).toBe(
      `No byte came from or went to 127.0.0.1:${peer.port} for 0.2 s while the request was being sent: try again.`,
    );
    expect(tookMs).toBeLessThan(10 * idleTimeoutMs);
    // What it reads now is of the body that was, and then nothing: the connection is closed.
    body.fill(2);
    for (;;) {
      const chunk = await peer.connections[0]!.readSome();
      if (chunk.length === 0) break;
      expect(chunk.includes(2)).toBe(false);
    }
  });

  it.each([
    ['before the answer', ''],
    ['in the head of the answer', 'HTTP/1.1 200 OK\r\ncontent-le'],
    ['after a 100', 'HTTP/1.1 100 Continue\r\n\r\n'],
  ])('%s', async (_, begun) => {
    const peer = await startPeer(
      async (connection) => {
        await connection.readRequest();
        connection.write(begun);
      },
      { secure },
    );
    const { error } = await failureOf(testHandler({ idleTimeoutMs }).handle(peer.request({ body: 'body' })));
    expect(error).toMatchObject({ name: 'TimeoutError', stage: 'waiting' });
  });

  it('in the body of the answer', async () => {
    const peer = await startPeer(
      async (connection) => {
        await connection.readRequest();
        connection.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbegun');
      },
      { secure },
    );
    const { response } = await testHandler({ idleTimeoutMs }).handle(peer.request());
    const { error, tookMs } = await failureOf(text(response.body));
    expect(error).toMatchObject({ name: 'TimeoutError', stage: 'reading' });
    expect(tookMs).toBeLessThan(10 * idleTimeoutMs);
    expect(await peer.connections[0]!.readSome()).toHaveLength(0);
  });
});

describe('H04: what moves goes on', () => {
  it('a body that is taken slowly', async () => {
    const lengthBytes = 48_000_000;
    const peer = await startPeer(async (connection) => {
      await connection.readHead();
      for (let left = lengthBytes; left > 0; left -= 240_000) {
        await connection.read(240_000);
        await delay(10);
      }
      connection.answer('200 OK');
    });
    const startMs = performance.now();
    const body = sharedBytes(lengthBytes, 1);
    await testHandler({ idleTimeoutMs: 600 }).handle(peer.request({ body }));
    expect(performance.now() - startMs).toBeGreaterThan(1500);
  });

  it('an answer that comes slowly', async () => {
    const peer = await startPeer(async (connection) => {
      await connection.readRequest();
      for (const byte of 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n a b c d ') {
        connection.write(byte);
        await delay(20);
      }
    });
    const { response } = await testHandler({ idleTimeoutMs }).handle(peer.request());
    expect(await text(response.body)).toBe(' a b c d ');
  });

  it('an answer that its reader takes slowly', async () => {
    const lengthBytes = 8_000_000;
    const peer = await startPeer(async (connection) => {
      await connection.readRequest();
      connection.write(`HTTP/1.1 200 OK\r\ncontent-length: ${lengthBytes}\r\n\r\n`);
      connection.write(Buffer.alloc(lengthBytes, 5));
    });
    const { response } = await testHandler({ idleTimeoutMs: 50 }).handle(peer.request());
    await delay(300);
    let seenBytes = 0;
    let pauses = 0;
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      if (seenBytes > pauses * 2_000_000) {
        pauses += 1;
        await delay(180);
      }
      seenBytes += chunk.length;
    }
    expect([seenBytes, pauses]).toEqual([lengthBytes, 4]);
  });

  it('an answer that is read long after all of it came', async () => {
    const peer = await startPeer(async (connection) => {
      await connection.readRequest();
      connection.answer('200 OK', 'all of it');
    });
    const { response } = await testHandler({ idleTimeoutMs: 30 }).handle(peer.request());
    await delay(200);
    expect(await text(response.body)).toBe('all of it');
  });

  it('a stall that follows a pause of the reader', async () => {
    const peer = await startPeer(async (connection) => {
      await connection.readRequest();
      connection.write(`HTTP/1.1 200 OK\r\ncontent-length: 2000000\r\n\r\n`);
      connection.write(Buffer.alloc(1_000_000));
    });
    const { response } = await testHandler({ idleTimeoutMs: 50 }).handle(peer.request());
    await delay(200);
    const { error } = await failureOf(buffer(response.body));
    expect(error).toMatchObject({ name: 'TimeoutError', stage: 'reading' });
  });

  it('an answer that came while the event loop stood still', async () => {
    const peer = await startPeer(async (connection) => {
      await connection.readRequest();
      connection.write('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n');
      await delay(20);
      // From here on this runs where the loop reads sockets: limits are looked at before it comes back to that.
      await stat('.');
      connection.write('bo');
      const startMs = performance.now();
      while (performance.now() - startMs < 200);
      await delay(50);
      connection.write('dy');
    });
    const { response } = await testHandler({ idleTimeoutMs: 100 }).handle(peer.request());
    expect(await text(response.body)).toBe('body');
  });

  it('as long as one request is told to wait', async () => {
    const peer = await startPeer(async (connection) => {
      await connection.readRequest();
      await delay(250);
      connection.answer('200 OK', 'at last');
    });
    const handler = testHandler({ idleTimeoutMs: 50 });
    const { response } = await handler.handle(peer.request(), { requestTimeout: 5000 });
    expect(await text(response.body)).toBe('at last');
  });

  it('a connection that waits for its next request', async () => {
    const peer = await startPeer(async (connection) => {
      while ((await connection.readRequest()) !== undefined) connection.answer('200 OK');
    });
    const handler = testHandler({ idleTimeoutMs: 40 });
    for (let i = 0; i < 3; i++) {
      const { response } = await handler.handle(peer.request());
      await text(response.body);
      await delay(120);
    }
    expect(peer.connections.length).toBe(1);
  });
});

describe('connecting', () => {
  it('is given up where TLS is not spoken', async () => {
    const peer = await startPeer(() => undefined);
    const handler = testHandler({ connectTimeoutMs: 100, idleTimeoutMs: 60_000 });
    const { error, tookMs } = await failureOf(handler.handle({ ...peer.request({ body: 'x' }), protocol: 'https:' }));
    expect(error).toMatchObject({ name: 'TimeoutError', stage: 'connecting' });
    expect(error.message).toContain('There was no connection to 127.0.0.1');
    expect(tookMs).toBeLessThan(1000);
  });
});
