import { text } from 'node:stream/consumers';
import { S3Client, UploadPartCommand, type UploadPartCommandOutput } from '@aws-sdk/client-s3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WireBody } from '../../../../src/objects/s3/http/wire-body.ts';
import type { PeerConnection } from './raw-peer.ts';
import { sharedBytes, startPeer, testHandler } from './raw-peer.ts';

interface Seen {
  readonly head: string;
  readonly body: Buffer;
}

/** Answers every request of a connection, and keeps what came. */
function recorder(seen: Seen[], headers = ''): (connection: PeerConnection) => Promise<void> {
  return async (connection) => {
    for (;;) {
      const request = await connection.readRequest();
      if (request === undefined) return;
      seen.push(request);
      connection.answer('200 OK', `answer ${seen.length}`, headers);
    }
  };
}

describe.each([{ secure: false }, { secure: true }])('sending, TLS: $secure', ({ secure }) => {
  it('sends every kind of body as it is, and reads the answer', async () => {
    const seen: Seen[] = [];
    const peer = await startPeer(recorder(seen, 'ETag: "abc"\r\nset-cookie: a\r\nset-cookie: b\r\n'), { secure });
    const handler = testHandler();
    const pieces = [sharedBytes(100, 1), sharedBytes(3_000_000, 2), Buffer.alloc(7, 3)];
    for (const body of ['<xml/>', Buffer.alloc(500_000, 9), new WireBody(pieces), new WireBody([])]) {
      const { response } = await handler.handle(peer.request({ body }));
      expect(response).toMatchObject({ statusCode: 200, reason: 'OK' });
      expect(response.headers).toMatchObject({ etag: '"abc"', 'set-cookie': 'a,b' });
      expect(await text(response.body)).toBe(`answer ${seen.length}`);
    }
    const bodies = seen.map(({ body }) => body);
    expect(bodies[0]!.toString()).toBe('<xml/>');
    expect(bodies[1]!.equals(Buffer.alloc(500_000, 9))).toBe(true);
    expect(bodies[2]!.equals(Buffer.concat(pieces))).toBe(true);
    expect(seen[3]!.head).toMatch(/content-length: 0\r\n/i);
    expect(seen.every(({ head }) => !/transfer-encoding/i.test(head))).toBe(true);
    expect(peer.connections.length).toBe(1);
  });

  it('uses connections again without leaving anything on them', async () => {
    const seen: Seen[] = [];
    const peer = await startPeer(recorder(seen), { secure });
    const handler = testHandler({ maxSockets: 2 });
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    onTestFinished(() => void process.off('warning', onWarning));
    const { signal } = new AbortController();
    for (let round = 0; round < 25; round++) {
      await Promise.all(
        ['a', 'b', 'c'].map(async (body) => {
          const { response } = await handler.handle(peer.request({ body }), { abortSignal: signal });
          await text(response.body);
        }),
      );
    }
    expect(seen.length).toBe(75);
    expect(peer.connections.length).toBe(2);
    expect(warnings).toEqual([]);
  });
});

describe('the head of a request', () => {
  it('holds path and query as they were signed', async () => {
    const seen: Seen[] = [];
    const peer = await startPeer(recorder(seen));
    const query = { uploads: '', list: ['2', '1'], 'x id': "a*b'(c)!/", only: null };
    const path = '/bucket/a/../%2e%2e//b';
    await testHandler().handle(peer.request({ method: 'POST', path, query, headers: { 'X-Mixed': 'y' } }));
    expect(seen[0]!.head).toMatch(
      /^POST \/bucket\/a\/\.\.\/%2e%2e\/\/b\?list=2&list=1&only&uploads=&x%20id=a%2Ab%27%28c%29%21%2F HTTP\/1\.1\r\n/,
    );
    expect(seen[0]!.head).toContain('X-Mixed: y\r\n');
  });

  it('has the length of the body or is not sent', async () => {
    const seen: Seen[] = [];
    const peer = await startPeer(recorder(seen));
    const headers = { 'Content-Length': '5' };
    await expect(testHandler().handle(peer.request({ body: 'four', headers }))).rejects.toThrow('Content-Length');
    await expect(testHandler().handle(peer.request({ path: '/white space' }))).rejects.toThrow(TypeError);
    expect(peer.connections.length).toBe(0);
  });

  it('leads to no other place', async () => {
    const seen: Seen[] = [];
    const peer = await startPeer(async (connection) => {
      const request = await connection.readRequest();
      if (request === undefined) return;
      seen.push(request);
      connection.answer('307 Temporary Redirect', '<Error/>', `location: http://127.0.0.1:${peer.port}/elsewhere\r\n`);
    });
    const { response } = await testHandler().handle(peer.request({ body: 'x' }));
    expect(response.statusCode).toBe(307);
    expect(await text(response.body)).toBe('<Error/>');
    expect(seen.length).toBe(1);
  });
});

function sendPart(port: number, body: WireBody): Promise<UploadPartCommandOutput> {
  const client = new S3Client({
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${port}`,
    forcePathStyle: true,
    credentials: { accessKeyId: 'test', secretAccessKey: 'secret' },
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    requestHandler: testHandler({ idleTimeoutMs: 2000 }),
  });
  const part = { Bucket: 'bucket', Key: 'key', UploadId: 'id', PartNumber: 1, ChecksumCRC32: 'AAAAAA==' };
  return client.send(new UploadPartCommand({ ...part, Body: body as unknown as Uint8Array }));
}

describe('with the SDK', () => {
  it('a list of shared views goes out untouched, with its length and without being hashed', async () => {
    const seen: Seen[] = [];
    const peer = await startPeer(async (connection) => {
      const head = await connection.readHead();
      connection.write('HTTP/1.1 100 Continue\r\n\r\n');
      seen.push({ head: head!, body: await connection.read(5_000_100) });
      connection.answer('200 OK', '', 'ETag: "part"\r\n');
    });
    const body = new WireBody([sharedBytes(100, 1), sharedBytes(5_000_000, 2)]);
    const answer = await sendPart(peer.port, body);
    expect(answer.ETag).toBe('"part"');
    expect(seen[0]!.head).toMatch(/content-length: 5000100\r\n/i);
    expect(seen[0]!.head).toMatch(/x-amz-content-sha256: UNSIGNED-PAYLOAD\r\n/i);
    expect(seen[0]!.head).toMatch(/expect: 100-continue\r\n/i);
    expect(seen[0]!.body.equals(Buffer.concat(body.pieces))).toBe(true);
  });

  it('a refusal that comes early is read', async () => {
    const peer = await startPeer(async (connection) => {
      await connection.readHead();
      connection.write('HTTP/1.1 100 Continue\r\n\r\n');
      await connection.read(100_000);
      connection.answer('503 Slow Down', '<Error><Code>SlowDown</Code><Message>Less, please.</Message></Error>');
    });
    await expect(sendPart(peer.port, new WireBody([sharedBytes(24_000_000, 2)]))).rejects.toMatchObject({
      name: 'SlowDown',
      message: 'Less, please.',
      $metadata: { httpStatusCode: 503, attempts: 1 },
    });
  });

  it('what the connection failed with arrives as it is', async () => {
    const peer = await startPeer(async (connection) => {
      await connection.readHead();
      connection.reset();
    });
    const sending = sendPart(peer.port, new WireBody([sharedBytes(24_000_000, 2)]));
    await expect(sending).rejects.toMatchObject({ code: 'ECONNRESET', stage: 'sending', staleSocket: false });
  });
});
