import { createWriteStream, type WriteStream } from 'node:fs';

/** What may wait for a disk or a reader that is slow; lines beyond it are dropped, and counted. */
const mostWaitingBytes = 8 * 2 ** 20;

/** Lines to a file, or to standard output. A log that cannot be written does not stop requests. */
export class AccessLog {
  readonly #path: string;
  readonly #failed: (what: string) => void;
  #stream: WriteStream;
  #broken = false;
  #dropped = 0;

  /** @param path `-` for standard output @param failed is told once what is wrong, and after each `reopen` */
  constructor(path: string, failed: (what: string) => void) {
    this.#path = path;
    this.#failed = failed;
    this.#stream = this.#open();
  }

  write(line: string): void {
    if (this.#broken) return;
    if (this.#stream.writableLength > mostWaitingBytes) {
      this.#dropped += 1;
      return;
    }
    if (this.#dropped > 0)
      this.#failed(`${this.#dropped} lines of the access log were dropped: ${this.#path} is too slow`);
    this.#dropped = 0;
    this.#stream.write(line.endsWith('\n') ? line : `${line}\n`);
  }

  /** For whoever has moved the file away. */
  reopen(): void {
    const old = this.#stream;
    this.#broken = false;
    this.#stream = this.#open();
    old.end();
  }

  /** Resolves when all that was written is with the system, or has failed. */
  close(): Promise<void> {
    const stream = this.#stream;
    return new Promise((resolve) => {
      if (stream.destroyed) resolve();
      else stream.end(() => resolve());
    });
  }

  #open(): WriteStream {
    const standard = this.#path === '-';
    const stream = standard
      ? createWriteStream('', { fd: 1, autoClose: false })
      : createWriteStream(this.#path, { flags: 'a', mode: 0o600 });
    stream.on('error', (error) => {
      if (stream !== this.#stream || this.#broken) return;
      this.#broken = true;
      this.#failed(
        `the access log cannot be written to ${standard ? 'standard output' : this.#path}: ${error.message}`,
      );
    });
    return stream;
  }
}
