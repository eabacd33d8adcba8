import { describe, expect, it } from 'vitest';
import { noteFault } from '../../support/fault-log.ts';
import { localhostCertificate, localhostKey } from '../../support/tls/certificate.ts';
import { RawClient } from './raw-client.ts';
import { type CountedBody, streamed, testServer, until } from './test-server.ts';

// H21: buffers are used again as soon as a write ends, by answers to other clients. Some of those read slowly, some go
// away in the middle of a write: nobody may read what was written for somebody else.

const slots = 4;
const slotBytes = 512 * 1024;

/** Few buffers for many answers. A buffer that is given back is overwritten at once, as the next content would do it. */
class SharedSlots {
  readonly #memory = new SharedArrayBuffer(slots * slotBytes);
  readonly #free = Array.from({ length: slots }, (_, i) => new Uint8Array(this.#memory, i * slotBytes, slotBytes));
  readonly #waiting: ((slot: Uint8Array<SharedArrayBuffer>) => void)[] = [];
  reused = 0;

  async take(): Promise<Uint8Array<SharedArrayBuffer>> {
    const slot = this.#free.pop();
    if (slot !== undefined) return slot;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  giveBack(slot: Uint8Array<SharedArrayBuffer>): void {
    slot.fill(0xff);
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#free.push(slot);
      return;
    }
    this.reused++;
    next(slot);
  }
}

const answerBytes = 12 * slotBytes;

function answerOf(byte: number, shared: SharedSlots): CountedBody {
  return streamed(answerBytes, async (sink, signal) => {
    for (let at = 0; at < answerBytes; at += slotBytes) {
      const slot = await shared.take();
      try {
        slot.fill(byte);
        await sink.write(slot, signal);
      } finally {
        shared.giveBack(slot);
      }
    }
  });
}

/** Reads in its own time, and counts what is not its own. */
async function readSlowly(
  client: RawClient,
  byte: number,
  pauseMs: number,
): Promise<{ bytes: number; foreign: number }> {
  const read = { bytes: 0, foreign: 0 };
  let headBytes: number | undefined;
  let head = Buffer.alloc(0);
  client.socket.removeAllListeners('data');
  client.socket.on('data', (chunk: Buffer) => {
    let content = chunk;
    if (headBytes === undefined) {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      headBytes = end + 4;
      content = head.subarray(headBytes);
    }
    read.bytes += content.length;
    if (!content.equals(Buffer.alloc(content.length, byte))) read.foreign++;
    if (pauseMs === 0) return;
    client.socket.pause();
    setTimeout(() => client.socket.resume(), pauseMs);
  });
  await until(() => client.closed || read.bytes >= answerBytes, 'the answer', 50_000);
  return read;
}

describe('H21: 64 readers, fast, slow, and gone, over four buffers', () => {
  it.each([
    ['plain', undefined],
    ['TLS', { cert: localhostCertificate, key: localhostKey }],
  ])('over %s read their own bytes only', async (_, tls) => {
    const shared = new SharedSlots();
    const bodies: CountedBody[] = [];
    const { port, server, over, notes } = await testServer(
      async ({ target }) => {
        const body = answerOf(Number(target.slice(1)), shared);
        bodies.push(body);
        return { status: 200, headers: [], body };
      },
      { ...(tls === undefined ? {} : { tls }) },
    );
    const readers = Array.from({ length: 64 }, async (_, i) => {
      const client = await RawClient.connect(port, tls === undefined ? {} : { ca: tls.cert });
      client.send(`GET /${i} HTTP/1.1\r\nHost: h\r\n\r\n`);
      const goes = i % 8 === 7;
      if (goes) setTimeout(() => client.socket.destroy(), 20 + i);
      const read = await readSlowly(client, i, i % 4 === 1 ? 1 : 0);
      client.socket.destroy();
      expect(read.foreign).toBe(0);
      if (!goes) expect(read.bytes).toBe(answerBytes);
    });
    await Promise.all(readers);
    await over(64);
    expect(bodies.map((body) => body.closed())).toEqual(bodies.map(() => 1));
    expect(notes.filter(({ outcome }) => outcome === 'sent').length).toBeGreaterThanOrEqual(56);
    expect(server.counters.broken).toBe(0);
    noteFault({ id: 'H21', injected: '64 readers over 4 buffers', reached: shared.reused, outcome: 'no foreign byte' });
  });
});
