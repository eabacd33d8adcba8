import { connect } from 'node:net';
import type { HeaderField, RawRequest } from '../../../src/s3-protocol/signature/raw-request.ts';

/** An answer as it stood on the wire. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: readonly HeaderField[];
  readonly body: Buffer;
}

/** What came of the bytes that were sent over one connection. */
export interface RawExchange {
  readonly answers: readonly RawAnswer[];
  /** True if the server ended the connection; false if it would have taken another request. */
  readonly closed: boolean;
  /** What came behind the last whole answer. */
  readonly rest: Buffer;
}

export interface ExchangeOptions {
  /** How many answers are waited for; then the connection must stay silent for a while. */
  readonly answers?: number;
  /** True if the answer is one to HEAD, and so has no body. */
  readonly head?: boolean;
  readonly limitMs?: number;
}

const silenceMs = 60;

/**
 * Sends exactly these bytes over a connection of their own, and reads until the server ends it, or is silent after the
 * answers that were waited for.
 *
 * @param pieces are sent one after the other; a function is awaited in between
 */
export function exchangeRaw(
  port: number,
  pieces: readonly (Uint8Array | (() => Promise<void>))[],
  { answers: expected = 1, head = false, limitMs = 15_000 }: ExchangeOptions = {},
): Promise<RawExchange> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let received: Buffer<ArrayBufferLike> = Buffer.alloc(0);
    let quiet: NodeJS.Timeout | undefined;
    const finish = (closed: boolean): void => {
      clearTimeout(limit);
      clearTimeout(quiet);
      socket.destroy();
      resolve({ ...parseAnswers(received, head), closed });
    };
    const limit = setTimeout(() => {
      socket.destroy();
      reject(new Error(`No end within ${limitMs} ms; received so far: ${received.toString('latin1').slice(0, 2000)}`));
    }, limitMs);
    socket.on('data', (bytes: Buffer) => {
      received = Buffer.concat([received, bytes]);
      clearTimeout(quiet);
      if (parseAnswers(received, head).answers.length >= expected) quiet = setTimeout(() => finish(false), silenceMs);
    });
    socket.once('end', () => finish(true));
    // A reset is an end too: what came before it counts.
    socket.once('error', () => finish(true));
    socket.once('connect', () => {
      send(socket, pieces).catch(reject);
    });
  });
}

async function send(
  socket: ReturnType<typeof connect>,
  pieces: readonly (Uint8Array | (() => Promise<void>))[],
): Promise<void> {
  for (const piece of pieces) {
    if (typeof piece === 'function') await piece();
    else if (!socket.destroyed) socket.write(Buffer.from(piece));
  }
}

/** The first line and the headers of a request as they go over the wire, with the empty line behind them. */
export function requestHead({ method, target, headers }: RawRequest, version = 'HTTP/1.1'): Buffer {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method} ${target} ${version}\r\n${lines.join('')}\r\n`, 'latin1');
}

/** A request with its body, whose length it says. */
export function requestBytes(request: RawRequest, body: Uint8Array): Buffer {
  const headers: HeaderField[] = [...request.headers, ['Content-Length', String(body.length)]];
  return Buffer.concat([requestHead({ ...request, headers }), body]);
}

function parseAnswers(bytes: Buffer, head: boolean): Pick<RawExchange, 'answers' | 'rest'> {
  const answers: RawAnswer[] = [];
  let rest = bytes;
  for (;;) {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) return { answers, rest };
    const [first, ...lines] = rest.subarray(0, end).toString('latin1').split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first!)?.[1]);
    if (Number.isNaN(status)) throw new Error(`No answer begins with ${JSON.stringify(first)}`);
    const headers = lines.map((line): HeaderField => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    });
    const bodyStart = end + 4;
    const length = status < 200 ? 0 : bodyLength(headers, status, head);
    if (rest.length < bodyStart + length) return { answers, rest };
    // 100 Continue is no answer.
    if (status >= 200) answers.push({ status, headers, body: rest.subarray(bodyStart, bodyStart + length) });
    rest = rest.subarray(bodyStart + length);
  }
}

function bodyLength(headers: readonly HeaderField[], status: number, head: boolean): number {
  if (head || status === 204 || status === 304) return 0;
  const found = headers.find(([name]) => name.toLowerCase() === 'content-length');
  if (found === undefined) throw new Error('The answer does not say how long it is.');
  return Number(found[1]);
}
