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

  constructor(socket: Socket, { lingerBytes, lingerMs }: Pick<HttpLimits, 'lingerBytes' | 'lingerMs'>) {
    this.#socket = socket;
    this.#mostBytes = socket.bytesRead + lingerBytes;
    const deadline = setTimeout(() => socket.destroy(), lingerMs);
    // Not all that is thrown away is told of.
    const checking = setInterval(() => this.check(), Math.max(1, lingerMs / 50));
    socket.once('close', () => {
      clearTimeout(deadline);
      clearInterval(checking);
    });
    socket.end();
    socket.resume();
  }

  /** Called as something was thrown away. */
  check(): void {
    if (this.#socket.bytesRead > this.#mostBytes) this.#socket.destroy();
  }
}
