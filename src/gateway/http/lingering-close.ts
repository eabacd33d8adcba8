import type { Socket } from 'node:net';
import type { HttpLimits } from './http-limits.ts';

/**
 * Closes a connection so that its client gets to read the last answer: what is destroyed while bytes of the client's
 * have not been read is reset, and a reset takes the answer along. So our side is ended, and what the client still sends
 * is read and thrown away until it ends its own, for a while and up to a bound.
 */
export class LingeringClose {
  readonly #socket: Socket;
  readonly #mostBytes: number;
  readonly #timer: NodeJS.Timeout;

  constructor(socket: Socket, { lingerBytes, lingerMs }: Pick<HttpLimits, 'lingerBytes' | 'lingerMs'>) {
    this.#socket = socket;
    this.#mostBytes = socket.bytesRead + lingerBytes;
    this.#timer = setTimeout(() => socket.destroy(), lingerMs);
    socket.once('close', () => clearTimeout(this.#timer));
    socket.end();
    socket.resume();
  }

  /** Called as something was thrown away. */
  check(): void {
    if (this.#socket.bytesRead > this.#mostBytes) this.#socket.destroy();
  }
}
