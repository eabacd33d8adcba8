import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { onTestFinished } from 'vitest';

/** An answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  /** By lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** A client that sends what it is told, byte by byte. */
export class RawClient {
  readonly socket: Socket;
  /** Everything that came, as it came. */
  received: Buffer = Buffer.alloc(0);
  ended = false;
  closed = false;
  error: NodeJS.ErrnoException | undefined;
  #changed: (() => void)[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => {
      this.received = Buffer.concat([this.received, bytes]);
      this.#tell();
    });
    socket.on('end', () => {
      this.ended = true;
      this.#tell();
    });
    socket.on('error', (error) => {
      this.error = error;
    });
    socket.on('close', () => {
      this.closed = true;
      this.#tell();
    });
  }

  static async connect(port: number, options: { readonly ca?: string } = {}): Promise<RawClient> {
    const socket =
      options.ca === undefined
        ? connect({ port, host: '127.0.0.1', allowHalfOpen: true })
        : connectTls({ port, host: '127.0.0.1', ca: options.ca, servername: 'localhost' });
    onTestFinished(() => {
      socket.destroy();
    });
    const client = new RawClient(socket);
    await new Promise((resolve, reject) => {
      socket.once(options.ca === undefined ? 'connect' : 'secureConnect', resolve);
      socket.once('error', reject);
    });
    return client;
  }

  #tell(): void {
    const waiting = this.#changed;
    this.#changed = [];
    for (const resolve of waiting) resolve();
  }

  send(text: string | Uint8Array): void {
    this.socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
  }

  /** Waits until it is so, looking whenever something comes. */
  async until(isSo: () => boolean, what: string, limitMs = 10_000): Promise<void> {
    const end = performance.now() + limitMs;
    while (!isSo()) {
      const left = end - performance.now();
      if (left <= 0) throw new Error(`waited in vain for ${what}; received ${this.received.toString('latin1')}`);
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([
        new Promise<void>((resolve) => this.#changed.push(resolve)),
        new Promise<void>((resolve) => {
          timer = setTimeout(resolve, left);
        }),
      ]);
      clearTimeout(timer);
    }
  }

  /** The next whole answer (to something other than HEAD), taken from what was received. */
  async answer(): Promise<RawAnswer> {
    let found: { readonly answer: RawAnswer; readonly lengthBytes: number } | undefined;
    await this.until(() => {
      found = parseAnswer(this.received);
      return found !== undefined || this.closed;
    }, 'an answer');
    if (found === undefined) throw new Error(`closed without an answer: ${this.error?.code ?? 'ended'}`);
    this.received = this.received.subarray(found.lengthBytes);
    return found.answer;
  }

  async end(): Promise<void> {
    await this.until(() => this.ended || this.closed, 'the end');
  }
}

function parseAnswer(bytes: Buffer): { answer: RawAnswer; lengthBytes: number } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const [first = '', ...lines] = bytes.toString('latin1', 0, headEnd).split('\r\n');
  const headers = new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
  );
  const status = Number(first.split(' ')[1]);
  const bodyBytes = status < 200 || status === 204 || status === 304 ? 0 : Number(headers.get('content-length') ?? 0);
  const lengthBytes = headEnd + 4 + bodyBytes;
  if (bytes.length < lengthBytes) return undefined;
  return { answer: { status, headers, body: bytes.subarray(headEnd + 4, lengthBytes) }, lengthBytes };
}

/** The error code of an answer's document. */
export function codeOf({ body }: Pick<RawAnswer, 'body'>): string | undefined {
  return /<Code>(\w+)<\/Code>/.exec(body.toString())?.[1];
}
