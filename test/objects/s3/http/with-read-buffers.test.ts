import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { startPeer, testHandler } from './raw-peer.ts';

const body = randomBytes(3_000_001);

describe.each([{ secure: false }, { secure: true }])('reading, TLS: $secure', ({ secure }) => {
  it('gives each piece of an answer memory of its own, although connections use theirs again', async () => {
    const peer = await startPeer(
      async (connection) => {
        while ((await connection.readHead()) !== undefined) {
          connection.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`);
          connection.write(body);
        }
      },
      { secure },
    );
    const handler = testHandler();
    for (let round = 0; round < 2; round++) {
      const { response } = await handler.handle(peer.request());
      // What was kept from the beginning is compared at the end, when the connection's buffer has held all the rest.
      const pieces: Buffer[] = [];
      response.body.on('data', (piece: Buffer) => pieces.push(piece));
      await once(response.body, 'end');
      expect(pieces.length).toBeGreaterThan(8);
      expect(Buffer.concat(pieces).equals(body)).toBe(true);
      expect(new Set(pieces.map((piece) => piece.buffer)).size).toBe(pieces.length);
      expect(pieces.every((piece) => piece.byteLength === piece.buffer.byteLength)).toBe(true);
    }
    expect(peer.connections.length).toBe(1);
  });

  it('takes no more from the connection than a reader who waits will bear', async () => {
    const peer = await startPeer(
      async (connection) => {
        await connection.readHead();
        connection.write(`HTTP/1.1 200 OK\r\ncontent-length: ${16 * body.length}\r\n\r\n`);
        for (let left = 16; left > 0; left--) connection.write(body);
      },
      { secure },
    );
    const { response } = await testHandler().handle(peer.request());
    const piece = (await once(response.body, 'data'))[0] as Buffer;
    response.body.pause();
    await delay(100);
    expect(piece.length + response.body.readableLength).toBeLessThan(2 ** 21);
    response.body.resume();
    let length = piece.length;
    response.body.on('data', ({ length: more }: Buffer) => {
      length += more;
    });
    await once(response.body, 'end');
    expect(length).toBe(16 * body.length);
  });
});
