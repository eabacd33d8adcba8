import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type PeerConnection, sharedBytes, startPeer, testHandler } from './raw-peer.ts';

const headers = { Expect: '100-continue' };
const lengthBytes = 3_000_000;

type Early = Buffer | 'nothing';

/** Reads a body whole, and tells what of it was there within a time. */
async function readBody(connection: PeerConnection, earlyMs: number, onLate?: () => void): Promise<Early> {
  const first = connection.readSome();
  const early = await Promise.race([first, delay(earlyMs, 'nothing' as const)]);
  onLate?.();
  await connection.read(lengthBytes - (await first).length);
  return early;
}

describe('Expect: 100-continue', () => {
  it('holds the body back until the peer wants it', async () => {
    let early: Early | undefined;
    const peer = await startPeer(async (connection) => {
      await connection.readHead();
      early = await readBody(connection, 200, () => connection.write('HTTP/1.1 100 Continue\r\n\r\n'));
      connection.answer('200 OK', 'stored');
    });
    const { response } = await testHandler().handle(peer.request({ body: sharedBytes(lengthBytes, 1), headers }));
    expect(await text(response.body)).toBe('stored');
    expect(early).toBe('nothing');
  });

  it.each(['503 Slow Down', '307 Temporary Redirect', '417 Expectation Failed'])(
    'hands on a refusal, %s, of which no byte of the body was sent',
    async (status) => {
      let after: Early = 'nothing';
      const peer = await startPeer(async (connection) => {
        await connection.readHead();
        connection.answer(status, '<Error/>');
        after = await connection.readSome();
      });
      const { response } = await testHandler().handle(peer.request({ body: sharedBytes(lengthBytes, 1), headers }));
      expect(response.statusCode).toBe(Number.parseInt(status, 10));
      expect(await text(response.body)).toBe('<Error/>');
      // The request was not ended, so its connection is of no more use.
      await delay(20);
      expect(after).toHaveLength(0);
    },
  );

  it('does not wait for ever for a peer that does not know it', async () => {
    let early: Early | undefined;
    const peer = await startPeer(async (connection) => {
      await connection.readHead();
      early = await readBody(connection, 500);
      connection.answer('200 OK', 'stored');
    });
    const { response } = await testHandler().handle(peer.request({ body: sharedBytes(lengthBytes, 1), headers }));
    expect(await text(response.body)).toBe('stored');
    expect(early).toBe('nothing');
  });

  it('fails like any other when the connection is reset instead', async () => {
    const peer = await startPeer(async (connection) => {
      await connection.readHead();
      connection.reset();
    });
    const handling = testHandler().handle(peer.request({ body: sharedBytes(lengthBytes, 1), headers }));
    await expect(handling).rejects.toMatchObject({ code: 'ECONNRESET', stage: 'sending' });
  });

  it('is nothing to a body of no bytes', async () => {
    const peer = await startPeer(async (connection) => {
      await connection.readHead();
      connection.answer('200 OK');
    });
    const startMs = performance.now();
    await testHandler().handle(peer.request({ body: '', headers }));
    expect(performance.now() - startMs).toBeLessThan(500);
  });

  it('a 100 that nobody asked for is passed over', async () => {
    const peer = await startPeer(async (connection) => {
      await connection.readHead();
      connection.write('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n');
      await connection.read(lengthBytes);
      connection.answer('200 OK', 'stored');
    });
    const { response } = await testHandler().handle(peer.request({ body: sharedBytes(lengthBytes, 1) }));
    expect(await text(response.body)).toBe('stored');
  });
});
