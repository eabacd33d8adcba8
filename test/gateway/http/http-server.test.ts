import { request as httpRequest } from 'node:http';
import { describe, expect, it } from 'vitest';
import { s3Error } from '../../../src/s3-protocol/errors/s3-error.ts';
import { RawClient } from './raw-client.ts';
import { echo, ok, streamed, testServer, until } from './test-server.ts';

describe('a request', () => {
  it('comes as it stood on the wire', async () => {
    const { port, handled } = await testServer(async () => ok);
    const client = await RawClient.connect(port);
    client.send('GET /b//a/../%2e%2E/%41?x=%20&y HTTP/1.1\r\nHost: h\r\nX-One: a  b\r\nx-one: \xe4\r\n\r\n');
    await client.answer();
    const [request] = handled;
    expect(request).toMatchObject({ method: 'GET', target: '/b//a/../%2e%2E/%41?x=%20&y', secure: false });
    expect(request!.headers).toEqual([
      ['Host', 'h'],
      ['X-One', 'a  b'],
      ['x-one', '\xe4'],
    ]);
    expect(request!.remoteAddress).toBe('127.0.0.1');
    expect(request!.requestId).toMatch(/^[0-9A-F]{16}$/);
  });

  it('has its body, in length or in chunks, with or without waiting for 100 Continue', async () => {
    const { port } = await testServer(echo);
    const content = Buffer.alloc(1_000_003, 'content ');
    const client = await RawClient.connect(port);
    client.send(`PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: ${content.length}\r\n\r\n`);
    client.send(content);
    expect((await client.answer()).body.equals(content)).toBe(true);
    client.send(
      'PUT /b/k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nx-t: 1\r\n\r\n',
    );
    expect((await client.answer()).body.toString()).toBe('abcde');
    client.send('PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n');
    expect((await client.answer()).status).toBe(100);
    client.send('wait');
    expect((await client.answer()).body.toString()).toBe('wait');
    client.send('PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n');
    expect((await client.answer()).body.length).toBe(0);
  });

  it('is not read while nobody asks for its body', async () => {
    const asked = Promise.withResolvers<void>();
    const { port, handled } = await testServer(async ({ body }, signal) => {
      await body.next(signal);
      await asked.promise;
      for (; (await body.next(signal)) !== undefined; );
      return ok;
    });
    const lengthBytes = 64 * 2 ** 20;
    const client = await RawClient.connect(port);
    client.send(`PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: ${lengthBytes}\r\n\r\n`);
    client.send(Buffer.alloc(lengthBytes));
    await until(() => handled[0] !== undefined && handled[0].body.receivedBytes > 0, 'a first chunk');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(handled[0]!.body.receivedBytes).toBeLessThanOrEqual(2 ** 17);
    // The rest stands in the kernel's buffers, or has not been sent.
    expect(client.socket.writableLength).toBeGreaterThan(0);
    asked.resolve();
    expect((await client.answer()).status).toBe(200);
    expect(handled[0]!.body.receivedBytes).toBe(lengthBytes);
  });

  it('may name the whole URL, if that is of the same host', async () => {
    const { port, handled } = await testServer(async () => ok);
    const client = await RawClient.connect(port);
    client.send('GET http://h:9440/b/k?x HTTP/1.1\r\nHost: h:9440\r\n\r\n');
    expect((await client.answer()).status).toBe(200);
    expect(handled[0]!.target).toBe('/b/k?x');
    client.send('GET http://other/b/k HTTP/1.1\r\nHost: h:9440\r\n\r\n');
    expect((await client.answer()).status).toBe(400);
    expect(handled).toHaveLength(1);
  });

  it('of HTTP/1.0 is answered and its connection closed', async () => {
    const { port } = await testServer(async () => ok);
    const client = await RawClient.connect(port);
    client.send('GET /b/k HTTP/1.0\r\n\r\n');
    expect((await client.answer()).headers.get('connection')).toBe('close');
    await client.end();
  });
});

describe('an answer', () => {
  it('has what every answer has', async () => {
    const { port, handled } = await testServer(async () => ({
      status: 200,
      headers: [
        ['ETag', '"e"'],
        ['server', 'the store'],
        ['x-amz-meta-name', 'J\xfcrgen'],
        ['Content-Disposition', 'inline; filename=\xc3\xa4'],
      ],
      body: Buffer.from('content'),
    }));
    const client = await RawClient.connect(port);
    client.send('GET /b/k HTTP/1.1\r\nHost: h\r\n\r\n');
    const { headers, body } = await client.answer();
    expect(headers.get('server')).toBe('Sealpart');
    expect(headers.get('x-amz-request-id')).toBe(handled[0]!.requestId);
    expect(headers.get('x-amz-id-2')).toBe(handled[0]!.hostId);
    expect(Date.parse(headers.get('date')!)).toBeGreaterThan(Date.now() - 5000);
    expect(headers.get('content-length')).toBe('7');
    expect(headers.get('etag')).toBe('"e"');
    expect(headers.get('x-amz-meta-name')).toBe('J\xfcrgen');
    expect(headers.get('content-disposition')).toBe('inline; filename=\xc3\xa4');
    expect(body.toString()).toBe('content');
  });

  it('to HEAD, and one of 204 and 304, has no body, and its stream is closed unsent', async () => {
    const body = streamed(5, () => Promise.reject(new Error('must not be sent')));
    const { port, faults } = await testServer(async ({ method, target }) => {
      if (method === 'HEAD' && target === '/length') return { status: 200, headers: [['Content-Length', '123456']] };
      if (method === 'HEAD') return { status: 200, headers: [], body };
      return { status: target === '/304' ? 304 : 204, headers: [['ETag', '"e"']] };
    });
    const client = await RawClient.connect(port);
    client.send('HEAD /length HTTP/1.1\r\nHost: h\r\n\r\n');
    await client.until(() => client.received.includes('\r\n\r\n'), 'a head');
    expect(client.received.toString()).toContain('Content-Length: 123456');
    client.received = Buffer.alloc(0);
    client.send('HEAD /stream HTTP/1.1\r\nHost: h\r\n\r\n');
    await client.until(() => client.received.includes('\r\n\r\n'), 'a head');
    expect(client.received.toString()).toContain('Content-Length: 5');
    client.received = Buffer.alloc(0);
    for (const status of [204, 304]) {
      client.send(`GET /${status} HTTP/1.1\r\nHost: h\r\n\r\n`);
      const answer = await client.answer();
      expect(answer.status).toBe(status);
      expect(answer.headers.has('content-length')).toBe(false);
      expect(answer.headers.has('transfer-encoding')).toBe(false);
    }
    expect(client.received).toHaveLength(0);
    expect(body.closed()).toBe(1);
    expect(faults).toEqual([]);
  });

  it('is sent as it is made, its head with the first bytes', async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(2 ** 20));
    const lengthBytes = 9 * 2 ** 20 + 3;
    const body = streamed(lengthBytes, async (sink, signal) => {
      for (let at = 0; at < lengthBytes; at += shared.length) {
        const piece = shared.subarray(0, Math.min(shared.length, lengthBytes - at));
        piece.fill(at / shared.length);
        await sink.write(piece, signal);
      }
    });
    const { port, notes, over } = await testServer(async () => ({ status: 200, headers: [], body }));
    const client = await RawClient.connect(port);
    client.send('GET /b/k HTTP/1.1\r\nHost: h\r\n\r\n');
    const answer = await client.answer();
    const expected = Buffer.alloc(lengthBytes);
    for (let at = 0; at < lengthBytes; at += shared.length) expected.fill(at / shared.length, at);
    expect(answer.body.equals(expected)).toBe(true);
    expect(body.closed()).toBe(1);
    await over(1);
    expect(notes[0]).toMatchObject({ status: 200, sentBytes: lengthBytes, outcome: 'sent' });
  });

  it('keeps the order of writes that overlap', async () => {
    const pieces = [Buffer.alloc(700_000, 1), Buffer.alloc(10, 2), Buffer.alloc(300_000, 3)];
    const body = streamed(1_000_010, async (sink, signal) => {
      await Promise.all(pieces.map((piece) => sink.write(piece, signal)));
    });
    const { port } = await testServer(async () => ({ status: 200, headers: [], body }));
    const client = await RawClient.connect(port);
    client.send('GET /b/k HTTP/1.1\r\nHost: h\r\n\r\n');
    expect((await client.answer()).body.equals(Buffer.concat(pieces))).toBe(true);
  });

  it('is an error if the stream fails before its first byte, and the connection goes on', async () => {
    const body = streamed(5, () => Promise.reject(s3Error('NoSuchKey')));
    const { port } = await testServer(async ({ target }) =>
      target === '/ok' ? ok : { status: 200, headers: [], body },
    );
    const client = await RawClient.connect(port);
    client.send('GET /b/k HTTP/1.1\r\nHost: h\r\n\r\n');
    expect((await client.answer()).status).toBe(404);
    expect(body.closed()).toBe(1);
    client.send('GET /ok HTTP/1.1\r\nHost: h\r\n\r\n');
    expect((await client.answer()).status).toBe(200);
  });

  it.each([
    ['fewer', 3],
    ['more', 9],
  ])('that sends %s bytes than it said destroys the connection', async (_, count) => {
    const body = streamed(5, async (sink, signal) => {
      await sink.write(Buffer.alloc(2, 'x'), signal);
      await sink.write(Buffer.alloc(count - 2, 'x'), signal);
    });
    const { port, notes, over } = await testServer(async () => ({ status: 200, headers: [], body }));
    const client = await RawClient.connect(port);
    client.send('GET /b/k HTTP/1.1\r\nHost: h\r\n\r\n');
    await client.until(() => client.closed || client.ended, 'the end');
    expect(client.received.length - client.received.indexOf('\r\n\r\n') - 4).toBeLessThan(5);
    await over(1);
    expect(notes[0]!.outcome).toBe('broken');
    expect(body.closed()).toBe(1);
  });

  it('goes to clients of all kinds', async () => {
    const { port } = await testServer(echo);
    const content = Buffer.alloc(300_000, 'abc');
    const answer = await fetch(`http://127.0.0.1:${port}/b/k`, { method: 'PUT', body: content });
    expect(Buffer.from(await answer.arrayBuffer()).equals(content)).toBe(true);
    const status = await new Promise((resolve, reject) => {
      const request = httpRequest({
        port,
        method: 'PUT',
        path: '/b/k',
        headers: { Expect: '100-continue', 'Content-Length': 3 },
      });
      request.on('continue', () => request.end('abc'));
      request.on('response', (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on('error', reject);
      request.flushHeaders();
    });
    expect(status).toBe(200);
  });
});
