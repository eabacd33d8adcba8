import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { countOpenSockets, type PeerConnection, sharedBytes, startPeer, testHandler, until } from './raw-peer.ts';

const lengthBytes = 24_000_000;

async function hasOnly(connection: PeerConnection, byte: number): Promise<boolean> {
  for (;;) {
    const chunk = await connection.readSome();
    if (chunk.length === 0) return true;
    if (!chunk.equals(Buffer.alloc(chunk.length, byte))) return false;
  }
}

describe.each([{ secure: false }, { secure: true }])('a request that is cancelled, TLS: $secure', ({ secure }) => {
  it('before it began', async () => {
    const peer = await startPeer(() => undefined, { secure });
    const reason = new Error('enough');
    const handling = testHandler().handle(peer.request({ body: 'x' }), { abortSignal: AbortSignal.abort(reason) });
    await expect(handling).rejects.toMatchObject({ name: 'AbortError', cause: reason, stage: 'connecting' });
    expect(peer.connections.length).toBe(0);
  });

  it('while it connects', async () => {
    const peer = await startPeer(() => undefined, { secure });
    const abort = new AbortController();
    const handling = testHandler().handle(peer.request({ body: 'x' }), { abortSignal: abort.signal });
    abort.abort();
    await expect(handling).rejects.toMatchObject({ name: 'AbortError', stage: 'connecting' });
  });

  it('while it waits for a connection, which others then use', async () => {
    const peer = await startPeer(
      async (connection) => {
        while ((await connection.readRequest()) !== undefined) {
          await delay(50);
          connection.answer('200 OK', 'answer');
        }
      },
      { secure },
    );
    const handler = testHandler({ maxSockets: 1 });
    const abort = new AbortController();
    const first = handler.handle(peer.request());
    const second = handler.handle(peer.request({ body: 'x' }), { abortSignal: abort.signal });
    const third = handler.handle(peer.request());
    await until(() => peer.connections.length === 1);
    abort.abort();
    await expect(second).rejects.toMatchObject({ name: 'AbortError', stage: 'connecting' });
    expect(await text((await first).response.body)).toBe('answer');
    expect(await text((await third).response.body)).toBe('answer');
    expect(peer.connections.length).toBe(1);
  });

  it('in its body, of which the peer then gets no other byte', async () => {
    let bodyBegun = false;
    let reading: Promise<boolean> | undefined;
    const peer = await startPeer(
      async (connection) => {
        await connection.readHead();
        await connection.read(500_000);
        bodyBegun = true;
        await delay(50);
        reading = hasOnly(connection, 1);
      },
      { secure },
    );
    const body = sharedBytes(lengthBytes, 1);
    const abort = new AbortController();
    const handling = testHandler().handle(peer.request({ body }), { abortSignal: abort.signal });
    await until(() => bodyBegun);
    abort.abort();
    await expect(handling).rejects.toMatchObject({ name: 'AbortError', stage: 'sending' });
    body.fill(2);
    await until(() => reading !== undefined);
    expect(await reading).toBe(true);
  });

  it('while it waits for an answer', async () => {
    const abort = new AbortController();
    const peer = await startPeer(
      async (connection) => {
        await connection.readRequest();
        abort.abort();
      },
      { secure },
    );
    const handling = testHandler().handle(peer.request({ body: 'x' }), { abortSignal: abort.signal });
    await expect(handling).rejects.toMatchObject({ name: 'AbortError', stage: 'waiting' });
    expect(await peer.connections[0]!.readSome()).toHaveLength(0);
  });

  it('while its answer is read', async () => {
    const peer = await startPeer(
      async (connection) => {
        await connection.readRequest();
        connection.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbegun');
      },
      { secure },
    );
    const abort = new AbortController();
    const { response } = await testHandler().handle(peer.request(), { abortSignal: abort.signal });
    const reading = text(response.body);
    await delay(20);
    abort.abort();
    await expect(reading).rejects.toMatchObject({ name: 'AbortError', stage: 'reading' });
    expect(await peer.connections[0]!.readSome()).toHaveLength(0);
  });

  it('while an early answer is read', async () => {
    const peer = await startPeer(
      async (connection) => {
        await connection.readHead();
        connection.write('HTTP/1.1 503 Slow Down\r\ncontent-length: 100\r\n\r\n');
      },
      { secure },
    );
    const abort = new AbortController();
    const body = sharedBytes(lengthBytes, 1);
    const handling = testHandler().handle(peer.request({ body }), { abortSignal: abort.signal });
    setTimeout(() => abort.abort(), 100);
    const startMs = performance.now();
    await expect(handling).rejects.toMatchObject({ name: 'AbortError' });
    expect(performance.now() - startMs).toBeLessThan(700);
  });

  it('after its answer was read: the connection is another request by then', async () => {
    const peer = await startPeer(
      async (connection) => {
        while ((await connection.readRequest()) !== undefined) {
          await delay(50);
          connection.answer('200 OK', 'answer');
        }
      },
      { secure },
    );
    const handler = testHandler();
    const abort = new AbortController();
    const first = await handler.handle(peer.request(), { abortSignal: abort.signal });
    expect(await text(first.response.body)).toBe('answer');
    const second = handler.handle(peer.request());
    await delay(10);
    abort.abort();
    expect(await text((await second).response.body)).toBe('answer');
    expect(peer.connections.length).toBe(1);
  });
});

describe('when a request has failed, its connection is closed', () => {
  it.each<[string, (connection: PeerConnection, abort: AbortController) => Promise<void> | void]>([
    ['by the caller', (_, abort) => abort.abort()],
    ['by the peer', (connection) => connection.reset()],
    ['for a stall', () => undefined],
    ['for an early refusal', (connection) => connection.answer('503 Slow Down')],
    ['for an early success', (connection) => connection.answer('200 OK')],
  ])('%s', async (_, act) => {
    const openSockets = countOpenSockets();
    const abort = new AbortController();
    const peer = await startPeer(async (connection) => {
      await connection.readHead();
      await connection.read(500_000);
      await act(connection, abort);
    });
    const body = sharedBytes(lengthBytes, 1);
    const handling = testHandler({ idleTimeoutMs: 100 }).handle(peer.request({ body }), { abortSignal: abort.signal });
    let openWhenSettled: number | undefined;
    await handling.then(
      () => {
        openWhenSettled = openSockets();
      },
      () => {
        openWhenSettled = openSockets();
      },
    );
    expect(openWhenSettled).toBe(0);
    expect(peer.connections.length).toBe(1);
  });
});

it('requests under way fail when the handler is destroyed', async () => {
  const peer = await startPeer(async (connection) => void (await connection.readHead()));
  const handler = testHandler();
  const handling = handler.handle(peer.request({ body: sharedBytes(lengthBytes, 1) }));
  const failure = expect(handling).rejects.toMatchObject({ name: 'RequestError', code: 'ECONNRESET' });
  await until(() => peer.connections.length === 1);
  await delay(20);
  handler.destroy();
  await failure;
});
