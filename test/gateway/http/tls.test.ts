import { request } from 'node:https';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { openHttpServer } from '../../../src/gateway/http/open-http-server.ts';
import { localhostCertificate as cert, localhostKey as key } from '../../support/tls/certificate.ts';
import { RawClient } from './raw-client.ts';
import { echo, ok, testServer, until } from './test-server.ts';

describe('a server with a certificate', () => {
  it('speaks TLS', async () => {
    const { port, handled } = await testServer(echo, { tls: { cert, key } });
    const content = Buffer.alloc(1_000_000, 'abc');
    const answered = await new Promise<Buffer>((resolve, reject) => {
      const put = request(
        { port, host: '127.0.0.1', servername: 'localhost', ca: cert, method: 'PUT', path: '/b/k' },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => resolve(Buffer.concat(chunks)));
        },
      );
      put.on('error', reject);
      put.setHeader('Content-Length', content.length);
      put.end(content);
    });
    expect(answered.equals(content)).toBe(true);
    expect(handled[0]!.secure).toBe(true);
  });

  it('refuses what is malformed, and bodies it does not read, as without', async () => {
    const { port, handled } = await testServer(async () => ({ status: 403, headers: [] }), { tls: { cert, key } });
    const client = await RawClient.connect(port, { ca: cert });
    client.send('PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nContent-Length: 1\r\n\r\n');
    expect((await client.answer()).status).toBe(400);
    await client.end();
    const other = await RawClient.connect(port, { ca: cert });
    other.send('PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 2000000\r\n\r\n');
    other.send(Buffer.alloc(2_000_000));
    expect((await other.answer()).status).toBe(403);
    await other.end();
    expect(handled).toHaveLength(1);
  });

  it('outlives those who do not speak it, or never finish shaking hands', async () => {
    const { port, server } = await testServer(async () => ok, {
      tls: { cert, key },
      limits: { handshakeTimeoutMs: 50, connections: 2 },
    });
    const plain = await RawClient.connect(port);
    plain.send('GET /b/k HTTP/1.1\r\nHost: h\r\n\r\n');
    await plain.end();
    const silent = connect(port, '127.0.0.1');
    await new Promise((resolve) => silent.once('close', resolve));
    const client = await RawClient.connect(port, { ca: cert });
    client.send('GET /b/k HTTP/1.1\r\nHost: h\r\n\r\n');
    expect((await client.answer()).status).toBe(200);
    expect(server.counters.handshakesFailed).toBe(2);
    client.socket.destroy();
    await until(() => server.openConnections === 0, 'all to be closed');
  });

  it('shows another certificate when it is told to', async () => {
    const { port, server } = await testServer(async () => ok, { tls: { cert, key } });
    server.setCertificate({ cert, key });
    const client = await RawClient.connect(port, { ca: cert });
    client.send('GET /b/k HTTP/1.1\r\nHost: h\r\n\r\n');
    expect((await client.answer()).status).toBe(200);
  });

  it('is not opened with one that is none', async () => {
    const handler = { handle: async () => ok, refuse: () => ok };
    const options = { handler, listen: { host: '127.0.0.1', port: 0 }, onFault: () => {} };
    const opening = openHttpServer({ ...options, tls: { cert: 'no PEM', key } }, AbortSignal.timeout(5000));
    await expect(opening).rejects.toMatchObject({ code: 'bad-key' });
  });
});

describe('an address', () => {
  it('that is taken is said to be', async () => {
    const { port } = await testServer(async () => ok);
    const handler = { handle: async () => ok, refuse: () => ok };
    const opening = openHttpServer(
      { handler, listen: { host: '127.0.0.1', port }, onFault: () => {} },
      AbortSignal.timeout(5000),
    );
    await expect(opening).rejects.toMatchObject({ code: 'io', message: expect.stringContaining(`127.0.0.1:${port}`) });
  });
});

describe('a server with a certificate that is closed', () => {
  it('does not wait for hands to be shaken', async () => {
    const { port, server } = await testServer(async () => ok, { tls: { cert, key } });
    const silent = connect(port, '127.0.0.1');
    silent.on('error', () => {});
    await until(() => server.openConnections === 1, 'the connection');
    const begun = performance.now();
    await server.close(50);
    expect(performance.now() - begun).toBeLessThan(2000);
  });
});
