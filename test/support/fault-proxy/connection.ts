import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as delay, setImmediate } from 'node:timers/promises';

/** Whoever was at the other end has left, or was sent away. */
export class PeerGone extends Error {}

/** A socket that is read by pulling: what nobody pulls stays with the peer, as far as the kernel's buffers go. */
export class Connection {
  readonly #stream: Duplex;
  readonly #socket: Socket;
  readonly #gone = new AbortController();
  #ahead: Buffer[] = [];
  #wakeReader: () => void = () => undefined;

  /**
   * @param stream carries the bytes: the socket itself, or TLS over it
   * @param socket what a reset is sent on
   */
  constructor(stream: Duplex, socket: Socket) {
    this.#stream = stream;
    this.#socket = socket;
    socket.setNoDelay(true);
    stream.on('readable', () => {
      // The end is only noticed by reading: without this, a client that dies while it waits would go unnoticed.
      if (stream.readableLength === 0) stream.read(0);
      this.#wakeReader();
    });
    stream.on('end', () => this.#wakeReader());
    // Why a connection broke does not matter here, only that it did.
    stream.on('error', () => this.#leave());
    socket.on('error', () => this.#leave());
    stream.on('close', () => this.#leave());
  }

  /** Aborted as soon as the connection is of no use any more. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  #leave(): void {
    this.#gone.abort(new PeerGone('The connection is gone.'));
    this.#wakeReader();
  }

  /** The next bytes; undefined at the end of what the peer sends, in whichever way it ended. */
  async read(): Promise<Buffer | undefined> {
    for (;;) {
      const ahead = this.#ahead.shift();
      if (ahead !== undefined) return ahead;
      const chunk = this.#stream.read() as Buffer | null;
      if (chunk !== null) return chunk;
      if (this.#stream.readableEnded || this.#gone.signal.aborted) return undefined;
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
    }
  }

  /** Gives back what was read too much. */
  unread(bytes: Buffer): void {
    if (bytes.length > 0) this.#ahead.unshift(bytes);
  }

  /** Resolves when the kernel has taken the bytes. */
  async write(bytes: Uint8Array | string): Promise<void> {
    if (bytes.length === 0) return;
    this.#gone.signal.throwIfAborted();
    const written = Promise.withResolvers<void>();
    const onGone = (): void => written.reject(this.#gone.signal.reason);
    this.#gone.signal.addEventListener('abort', onGone, { once: true });
    this.#stream.write(bytes, (error) => (error ? written.reject(new PeerGone(error.message)) : written.resolve()));
    try {
      await written.promise;
    } finally {
      this.#gone.signal.removeEventListener('abort', onGone);
    }
  }

  /**
   * Breaks the connection off with a TCP reset. A reset overtakes what the peer has not read yet, so it gets a moment to
   * read what was written before.
   */
  async reset(afterBytesWritten: boolean): Promise<void> {
    if (afterBytesWritten) {
      await delay(50);
      // A peer in this very process, if that was held up, has read by the second of these.
      await setImmediate();
      await setImmediate();
    }
    this.#socket.resetAndDestroy();
    this.#stream.destroy();
  }

  /** Ends it in good order, after everything that was written. */
  close(): void {
    this.#stream.end(() => this.#stream.destroy());
  }

  destroy(): void {
    this.#stream.destroy();
    this.#socket.destroy();
  }
}
