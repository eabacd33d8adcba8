import { type Connection, PeerGone } from './connection.ts';
import type { Exchange } from './exchange.ts';
import { BodyWriter, collect, readBody } from './http-body.ts';
import { answerFraming, type Head, headBytes, readHead, requestFraming, statusOf } from './http-head.ts';
import { withoutSecrets } from './proxied-request.ts';
import { pump, type Shape } from './pump.ts';

/** An answer that has come from the store in full. */
export interface WholeAnswer {
  readonly head: Head;
  readonly body: Buffer;
}

/** What goes to the store in place of the client's own. */
export interface Replacement {
  readonly head: Head;
  readonly body: Buffer;
}

/** Passes the request on and the answer back, each as it comes. */
export async function forward(exchange: Exchange, shapes: { request?: Shape; answer?: Shape } = {}): Promise<void> {
  const { client, request } = exchange;
  await withStore(exchange, async (store) => {
    await store.write(headBytes(exchange.head));
    const answering = async (): Promise<void> => {
      const head = await answerHead(exchange, store, client);
      const framing = answerFraming(head, request.method);
      await tellHead(exchange, head);
      const writer = new BodyWriter(client, framing);
      const write = async (bytes: Buffer): Promise<void> => {
        await writer.write(bytes);
        request.answerBytes += bytes.length;
      };
      await pump(readBody(store, framing), write, shapes.answer ?? {}, client.gone);
      await writer.end();
      answered(exchange, framing.kind === 'until-close');
    };
    // At once, because an answer may come before the request is whole.
    await Promise.all([send(exchange, store, exchange.body, shapes.request ?? {}), answering()]);
  });
}

/** Passes the request on and keeps the answer. */
export async function fetchAnswer(exchange: Exchange, replacement?: Replacement): Promise<WholeAnswer> {
  const { client, request } = exchange;
  return withStore(exchange, async (store) => {
    await store.write(headBytes(replacement?.head ?? exchange.head));
    const body = replacement === undefined ? exchange.body : one(replacement.body);
    const answering = async (): Promise<WholeAnswer> => {
      const head = await answerHead(exchange, store, replacement === undefined ? client : undefined);
      return { head, body: await collect(readBody(store, answerFraming(head, request.method))) };
    };
    const [, answer] = await Promise.all([send(exchange, store, body, {}), answering()]);
    return answer;
  });
}

/** Gives the client an answer with its head as it stands and a body that may or may not be what the head announces. */
export async function deliver(exchange: Exchange, { head, body }: WholeAnswer): Promise<void> {
  const { client, request } = exchange;
  await tellHead(exchange, head);
  const framing = answerFraming(head, request.method);
  const writer = new BodyWriter(client, framing);
  const sent = framing.kind === 'none' ? Buffer.alloc(0) : body;
  await writer.write(sent);
  request.answerBytes += sent.length;
  await writer.end();
  const short = framing.kind === 'length' && framing.bytes !== sent.length;
  answered(exchange, framing.kind === 'until-close' || short);
}

/** Tells the client what the head says, and the log that it was told. */
export async function tellHead({ client, request }: Exchange, head: Head): Promise<void> {
  request.status = statusOf(head.firstLine);
  request.answerHeaders = withoutSecrets(head.headers);
  await client.write(headBytes(head));
}

/** @param closes true if only the end of the connection tells the client that the answer is over. */
export function answered(exchange: Exchange, closes: boolean): void {
  exchange.request.end = 'answered';
  const headers = [exchange.head.headers, new Map(Object.entries(exchange.request.answerHeaders ?? {}))];
  if (closes || headers.some((each) => /\bclose\b/i.test(each.get('connection') ?? ''))) exchange.last = true;
}

async function withStore<T>(exchange: Exchange, use: (store: Connection) => Promise<T>): Promise<T> {
  const store = await exchange.connect();
  const drop = (): void => store.destroy();
  exchange.client.gone.addEventListener('abort', drop, { once: true });
  try {
    return await use(store);
  } finally {
    exchange.client.gone.removeEventListener('abort', drop);
    drop();
  }
}

async function* one(body: Buffer): AsyncGenerator<Buffer, void, void> {
  yield body;
}

/** Up to where the store listens: what it says then is told by its answer, or by there being none. */
async function send(exchange: Exchange, store: Connection, body: AsyncIterable<Buffer>, shape: Shape): Promise<void> {
  const writer = new BodyWriter(store, requestFraming(exchange.head));
  const write = async (bytes: Buffer): Promise<void> => {
    await writer.write(bytes);
    exchange.request.forwardedBytes += bytes.length;
  };
  try {
    await pump(body, write, shape, exchange.client.gone);
    await writer.end();
  } catch (error) {
    if (!(error instanceof PeerGone) || exchange.client.gone.aborted) throw error;
    exchange.last = true;
  }
}

/** The head of the answer; those that only say how things stand go to the client, if it waits for them. */
async function answerHead({ request }: Exchange, store: Connection, client?: Connection): Promise<Head> {
  for (;;) {
    const head = await readHead(store);
    if (head === undefined) throw new PeerGone('The store closed the connection without an answer.');
    const status = statusOf(head.firstLine);
    if (status >= 200) {
      request.storeStatus = status;
      return head;
    }
    await client?.write(headBytes(head));
  }
}
