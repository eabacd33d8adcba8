import { type Connection, PeerGone } from './connection.ts';
import type { Framing } from './http-head.ts';

/** The body's bytes as they come, without what frames them. */
export async function* readBody(connection: Connection, framing: Framing): AsyncGenerator<Buffer, void, void> {
  if (framing.kind === 'length') yield* readLength(connection, framing.bytes);
  if (framing.kind === 'chunked') yield* readChunks(connection);
  if (framing.kind === 'until-close') {
    for (let chunk = await connection.read(); chunk !== undefined; chunk = await connection.read()) yield chunk;
  }
}

async function* readLength(connection: Connection, bytes: number): AsyncGenerator<Buffer, void, void> {
  let left = bytes;
  while (left > 0) {
    const chunk = await connection.read();
    if (chunk === undefined) throw new PeerGone(`${left} of ${bytes} bytes of a body are missing.`);
    connection.unread(chunk.subarray(left));
    const piece = chunk.subarray(0, left);
    left -= piece.length;
    yield piece;
  }
}

async function* readChunks(connection: Connection): AsyncGenerator<Buffer, void, void> {
  for (;;) {
    const size = Number.parseInt(await readLine(connection), 16);
    if (Number.isNaN(size)) throw new PeerGone('A chunk of a body has no size.');
    if (size === 0) break;
    yield* readLength(connection, size);
    await readLine(connection);
  }
  // What follows the last chunk, up to an empty line, is nothing that S3 uses: it is not passed on.
  while ((await readLine(connection)) !== '');
}

async function readLine(connection: Connection): Promise<string> {
  let line = '';
  for (;;) {
    const chunk = await connection.read();
    if (chunk === undefined) throw new PeerGone('A body ended inside of its chunks.');
    const end = chunk.indexOf('\n');
    line += chunk.toString('latin1', 0, end < 0 ? chunk.length : end + 1);
    if (end < 0) continue;
    connection.unread(chunk.subarray(end + 1));
    return line.trimEnd();
  }
}

/** Writes a body as its head has announced it. */
export class BodyWriter {
  readonly #connection: Connection;
  readonly #chunked: boolean;

  constructor(connection: Connection, framing: Framing) {
    this.#connection = connection;
    this.#chunked = framing.kind === 'chunked';
  }

  async write(bytes: Buffer): Promise<void> {
    if (bytes.length === 0) return;
    if (!this.#chunked) return this.#connection.write(bytes);
    const size = Buffer.from(`${bytes.length.toString(16)}\r\n`);
    await this.#connection.write(Buffer.concat([size, bytes, Buffer.from('\r\n')]));
  }

  /** Says that it is complete, where a body says so. */
  async end(): Promise<void> {
    if (this.#chunked) await this.#connection.write('0\r\n\r\n');
  }
}

export async function collect(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
