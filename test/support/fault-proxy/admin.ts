import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { FaultProxy, RuleHandle } from './fault-proxy.ts';
import type { FaultRule } from './fault-rule.ts';

/**
 * Lets other processes command a proxy, on a port of its own: GET and DELETE /log, POST /rules, GET and DELETE
 * /rules/N, POST /refuse. Everything is JSON.
 */
export async function serveAdmin(proxy: FaultProxy): Promise<{ readonly endpoint: string; readonly server: Server }> {
  const handles: RuleHandle[] = [];
  const server = createServer((request, response) => {
    carryOut(proxy, handles, request).then(
      (result) => response.end(JSON.stringify(result ?? null)),
      (error: unknown) => response.writeHead(400).end(String(error)),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

async function carryOut(proxy: FaultProxy, handles: RuleHandle[], request: IncomingMessage): Promise<unknown> {
  const [, what, which] = request.url!.split('/');
  const command = `${request.method} ${what}`;
  if (command === 'GET log') return proxy.log();
  if (command === 'DELETE log') return proxy.clearLog();
  if (command === 'POST refuse') return proxy.refuse((await json(request)) as boolean);
  if (command === 'POST rules') {
    handles.push(await proxy.addRule((await json(request)) as FaultRule));
    return handles.length - 1;
  }
  const handle = handles[Number(which)];
  if (handle === undefined) throw new Error(`There is nothing for ${request.method} ${request.url}.`);
  return command === 'DELETE rules' ? handle.remove() : handle.counts();
}
