import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from './connection.ts';
import { readBody } from './http-body.ts';
import { type Head, requestFraming } from './http-head.ts';
import type { ProxiedRequest } from './proxied-request.ts';
import type { SigningCredentials } from './sign-again.ts';

/** A rule has ended the exchange, in whichever way it wanted. */
export class BrokenOff extends Error {}

/** One request on its way through the proxy, and where it goes. */
export interface Exchange {
  readonly client: Connection;
  readonly head: Head;
  /** What the log says of it, which grows as it goes on. */
  readonly request: ProxiedRequest;
  /** Its body, which can be read once. */
  readonly body: AsyncGenerator<Buffer, void, void>;
  /** A connection to the store of its own. */
  readonly connect: () => Promise<Connection>;
  /** Counts that the fault of its rule has come to pass. */
  readonly reached: () => void;
  readonly credentials?: SigningCredentials;
  /** True if the client's connection cannot be used for another request. */
  last: boolean;
}

/** The body as it comes from the client, counted, and kept if there is somewhere to. */
export async function* countedBody(
  client: Connection,
  head: Head,
  request: ProxiedRequest,
  kept: Buffer[] | undefined,
): AsyncGenerator<Buffer, void, void> {
  for await (const chunk of readBody(client, requestFraming(head))) {
    request.requestBytes += chunk.length;
    kept?.push(Buffer.from(chunk));
    yield chunk;
  }
  request.requestWhole = true;
}

/** Ends the client's connection as a rule wants it. */
export async function breakOff({ client, request, reached }: Exchange, how: 'reset' | 'close'): Promise<never> {
  reached();
  request.end = 'broken';
  if (how === 'close') client.close();
  else await client.reset(request.status !== undefined);
  throw new BrokenOff();
}

/** Does nothing for so long, or until the client has had enough. */
export async function stall({ client, request, reached }: Exchange, forMs?: number): Promise<void> {
  reached();
  if (forMs !== undefined) {
    await delay(forMs, undefined, { signal: client.gone });
    return;
  }
  request.end = 'broken';
  await new Promise((resolve) => {
    client.gone.addEventListener('abort', resolve, { once: true });
    if (client.gone.aborted) resolve(undefined);
  });
  throw new BrokenOff();
}

/** A client that waits to be told before it sends its body is told; the store need not be asked then. */
export async function invite({ client, head }: Exchange): Promise<void> {
  if (head.headers.has('expect')) await client.write('HTTP/1.1 100 Continue\r\n\r\n');
}
