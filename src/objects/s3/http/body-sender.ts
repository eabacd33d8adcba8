import type { ClientRequest } from 'node:http';
import type { WireBody } from './wire-body.ts';

/**
 * How much is handed to a socket at a time. Under TLS, what is handed over is kept a second time, encrypted, until the
 * kernel takes it: one big write would double every part in memory.
 */
const sliceBytes = 256 * 1024;

/** Says, at most once, that no more may be written. */
export class Halt {
  #hasFired = false;
  /** Called when it fires; there is one who waits at a time. */
  onFire: (() => void) | undefined;

  get hasFired(): boolean {
    return this.#hasFired;
  }

  fire(): void {
    this.#hasFired = true;
    this.onFire?.();
  }
}

/** Writes a body to a request, each slice when the socket has passed the one before to the kernel. */
export class BodySender {
  readonly #body: WireBody;
  #sentBytes = 0;

  constructor(body: WireBody) {
    this.#body = body;
  }

  /** True as soon as the kernel has all of it: from then on nothing reads the body's memory. */
  get whole(): boolean {
    return this.#sentBytes === this.#body.byteLength;
  }

  /**
   * Resolves when the body is sent, or `halt` has fired. After a halt the socket may still read the slice it has, until
   * it is closed: who halts must close it.
   */
  async send(request: ClientRequest, halt: Halt): Promise<void> {
    for (const slice of this.#body.slices(sliceBytes)) {
      if (halt.hasFired) return;
      await this.#write(request, slice, halt);
    }
  }

  #write(request: ClientRequest, slice: readonly Buffer[], halt: Halt): Promise<void> {
    return new Promise((resolve) => {
      // A request whose socket is destroyed takes writes without ever calling back.
      halt.onFire = resolve;
      const onWritten = (error?: Error | null): void => {
        if (!error) this.#sentBytes += slice.reduce((sum, view) => sum + view.byteLength, 0);
        resolve();
      };
      // Corked, so that a small header and what follows it leave in one packet.
      request.cork();
      slice.forEach((view, index) => {
        if (index < slice.length - 1) request.write(view);
        else request.write(view, onWritten);
      });
      request.uncork();
    });
  }
}
