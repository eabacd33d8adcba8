import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { RequestError } from '../../src/objects/s3/http/request-error.ts';
import type { S3RequestHandler } from '../../src/objects/s3/http/request-handler.ts';
import { type PeerConnection, sharedBytes, startPeer, testHandler, until } from '../objects/s3/http/raw-peer.ts';
import { noteFault } from '../support/fault-log.ts';

// S27: a store that answers in the middle of a body may keep the connection and read on, while the buffer is filled
// with the next part.

const bodyBytes = 24 * 1024 * 1024;
const ownByte = 0xaa;
const nextByte = 0x55;

interface Reading {
  /** Bytes of the first body that the peer read after it had answered, also those it had answered before. */
  bytes: number;
  /** Bytes among them that are not of that body. */
  foreign: number;
  ended: boolean;
}

/** Goes on reading, not fast, for as long as anything comes. */
async function readOn(connection: PeerConnection, reading: Reading): Promise<void> {
  for (;;) {
    const chunk = await connection.readSome();
    if (chunk.length === 0) break;
    reading.bytes += chunk.length;
    reading.foreign +=
      chunk.length - (chunk.equals(Buffer.alloc(chunk.length, ownByte)) ? chunk.length : countOwn(chunk));
    await delay(1);
  }
  reading.ended = true;
}

function countOwn(chunk: Buffer): number {
  return chunk.reduce((sum, byte) => sum + (byte === ownByte ? 1 : 0), 0);
}

interface Outcome {
  readonly reading: Reading;
  readonly statusCode: number;
  readonly body: string;
  /** What the second request, which has the buffer's next content, brought to the peer. */
  readonly second: Buffer;
}

/** Sends a buffer to a peer that answers early, fills it again as soon as the handler lets go, and sends it again. */
async function refillAfterAnswer(
  handler: S3RequestHandler,
  options: { secure: boolean; answer: string; readBeforeBytes?: number },
): Promise<Outcome> {
  const { readBeforeBytes = 300_000 } = options;
  const reading: Reading = { bytes: 0, foreign: 0, ended: false };
  let second: Buffer = Buffer.alloc(0);
  const peer = await startPeer(
    async (connection, index) => {
      if (index === 0) {
        await connection.readHead();
        await connection.read(readBeforeBytes);
        connection.write(options.answer);
        await readOn(connection, reading);
      } else {
        second = (await connection.readRequest())!.body;
        connection.answer('200 OK');
      }
    },
    { secure: options.secure },
  );

  const body = sharedBytes(bodyBytes, ownByte);
  const headers = { 'content-length': `${bodyBytes}` };
  const { response } = await handler.handle(peer.request({ body, headers }));
  const answered = await text(response.body);
  body.fill(nextByte);
  const next = await handler.handle(peer.request({ body, headers }));
  await text(next.response.body);
  await until(() => reading.ended || reading.bytes >= bodyBytes - readBeforeBytes);
  return { reading, statusCode: response.statusCode, body: answered, second };
}

const error = '<Error><Code>SlowDown</Code></Error>';
const head = (status: string, headers = ''): string => `HTTP/1.1 ${status}\r\n${headers}`;

describe.each([{ secure: false }, { secure: true }])(
  'S27: an answer in the middle of a body, TLS: $secure',
  ({ secure }) => {
    it.each([
      ['a whole one', head('503 Slow Down', `content-length: ${error.length}\r\n\r\n${error}`), 503, error],
      ['one that ends the connection', head('400 Bad Request', `connection: close\r\n\r\n${error}`), 400, error],
      [
        'one in chunks',
        head('503 Slow Down', `transfer-encoding: chunked\r\n\r\n24\r\n${error}\r\n0\r\n\r\n`),
        503,
        error,
      ],
      ['one whose body never comes', head('503 Slow Down', 'content-length: 500\r\n\r\n'), 503, ''],
      ['one whose body is cut', head('500 Oh', `content-length: 500\r\n\r\n${error}`), 500, error],
      ['one without a body', head('403 Forbidden', 'content-length: 0\r\n\r\n'), 403, ''],
    ])('%s: the peer reads no byte of what comes next', async (what, answer, statusCode, body) => {
      const outcome = await refillAfterAnswer(testHandler(), { secure, answer });
      expect(outcome).toMatchObject({ statusCode, body });
      expect(outcome.reading.foreign).toBe(0);
      // That the fault was met: more was on its way, and it was far from all of it.
      expect(outcome.reading.bytes).toBeGreaterThan(0);
      expect(outcome.reading.bytes).toBeLessThan(bodyBytes - 300_000);
      expect(outcome.second.equals(Buffer.alloc(bodyBytes, nextByte))).toBe(true);
      const injected = `${statusCode} in the middle of a body (${what}), ${secure ? 'TLS' : 'no TLS'}`;
      noteFault({ id: 'S27', injected, reached: 1, outcome: 'no byte of the next body' });
    });

    it('a long one is cut at 64 KiB', async () => {
      const answer = head('400 Bad Request', `content-length: 200000\r\n\r\n${'x'.repeat(200_000)}`);
      const outcome = await refillAfterAnswer(testHandler(), { secure, answer });
      expect(outcome.body).toBe('x'.repeat(65_536));
      expect(outcome.reading.foreign).toBe(0);
    });

    it('one before the first byte of it', async () => {
      const answer = head('503 Slow Down', `content-length: ${error.length}\r\n\r\n${error}`);
      const outcome = await refillAfterAnswer(testHandler(), { secure, answer, readBeforeBytes: 0 });
      expect(outcome).toMatchObject({ statusCode: 503, body: error });
      expect(outcome.reading.foreign).toBe(0);
    });
  },
);

it('S27: success in the middle of a body is none', async () => {
  const handling = refillAfterAnswer(testHandler(), {
    secure: false,
    answer: head('200 OK', 'etag: "x"\r\ncontent-length: 0\r\n\r\n'),
  });
  const failure = await handling.catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(RequestError);
  expect(failure).toMatchObject({ code: 'EARLY_ANSWER', stage: 'sending' });
  noteFault({ id: 'S27', injected: '200 in the middle of a body', reached: 1, outcome: 'an error' });
});

it("S27: the SDK's own handler would send what comes next to the peer", async () => {
  // So that this file is known to see the fault when it is there.
  const client = new S3Client({ region: 'us-east-1' });
  const handler = client.config.requestHandler as unknown as S3RequestHandler;
  const answer = head('503 Slow Down', `content-length: ${error.length}\r\n\r\n${error}`);
  const outcome = await refillAfterAnswer(handler, { secure: false, answer });
  client.destroy();
  expect(outcome.reading.foreign).toBeGreaterThan(0);
});
