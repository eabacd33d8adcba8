import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { moduleUrl, runScript } from '../../../support/run-script.ts';
import { startPeer } from './raw-peer.ts';

const bodyBytes = 256 * 1024 * 1024;
const mebibyte = 1024 * 1024;

const ways = {
  handler: `
    const { createRequestHandler } = await import(${moduleUrl('src/objects/s3/http/request-handler.ts')});
    const handler = createRequestHandler({ ca });
    const { response } = await handler.handle({
      method: 'PUT', protocol: 'https:', hostname: '127.0.0.1', port, path: '/b/k', headers: {}, body });
    response.body.resume();
    await once(response.body, 'end');
    handler.destroy();`,
  'one write': `
    const headers = { 'content-length': body.length };
    const request = https.request({ method: 'PUT', host: '127.0.0.1', port, path: '/b/k', headers, ca });
    request.end(body);
    const [response] = await once(request, 'response');
    response.resume();
    await once(response, 'end');
    request.destroy();`,
};

/** Sends the body in a process of its own, and measures by how much that process grows meanwhile. */
function script(port: number, way: keyof typeof ways): string {
  const certificate = fileURLToPath(new URL('../../../support/tls/localhost-cert.pem', import.meta.url));
  return `
    import { once } from 'node:events';
    import { readFileSync } from 'node:fs';
    import https from 'node:https';
    const ca = readFileSync(${JSON.stringify(certificate)});
    const port = ${port};
    const body = Buffer.from(new SharedArrayBuffer(${bodyBytes})).fill(1);
    const { external, rss } = process.memoryUsage();
    const most = { external: 0, rss: 0 };
    setInterval(() => {
      const now = process.memoryUsage();
      most.external = Math.max(most.external, now.external - external);
      most.rss = Math.max(most.rss, now.rss - rss);
    }, 5).unref();
    ${ways[way]}
    console.log(JSON.stringify(most));`;
}

async function growthOf(way: keyof typeof ways): Promise<{ external: number; rss: number }> {
  const peer = await startPeer(
    async (connection) => {
      await connection.readHead();
      for (let left = bodyBytes; left > 0; left -= 4 * mebibyte) {
        await connection.read(4 * mebibyte);
        await delay(10);
      }
      connection.answer('200 OK', '', 'connection: close\r\n');
      await once(connection.socket, 'close');
    },
    { secure: true },
  );
  const { stdout, stderr, exitCode } = await runScript(script(peer.port, way));
  expect({ stderr, exitCode }).toMatchObject({ exitCode: 0 });
  return JSON.parse(stdout.toString());
}

it('a body over TLS to a peer that takes it slowly is not kept a second time', async () => {
  const growth = await growthOf('handler');
  expect(growth.external).toBeLessThan(32 * mebibyte);
  expect(growth.rss).toBeLessThan(100 * mebibyte);
});

it('as one write would do', async () => {
  const growth = await growthOf('one write');
  expect(Math.max(growth.external, growth.rss)).toBeGreaterThan(200 * mebibyte);
});
