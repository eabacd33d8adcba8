import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const main: string = fileURLToPath(new URL('./main.ts', import.meta.url));

export interface NullS3Options {
  /** A file with the bytes of the one object that it has; best in memory. */
  readonly objectPath?: string;
  /** Serve https with this certificate. */
  readonly tls?: { readonly certificatePath: string; readonly keyPath: string };
  /** How fast it reads what is put, over all connections; as fast as it comes unless told. */
  readonly readBytesPerSecond?: number;
}

/** A null S3 server in a process of its own. Any credentials, region, bucket and key will do. */
export interface NullS3 {
  readonly endpoint: string;
  readonly pid: number;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** @throws Error if it ends before it serves */
export async function startNullS3({ objectPath, tls, readBytesPerSecond }: NullS3Options = {}): Promise<NullS3> {
  const object = objectPath === undefined ? [] : ['--object', objectPath];
  const secure = tls === undefined ? [] : ['--cert', tls.certificatePath, '--key', tls.keyPath];
  const slow = readBytesPerSecond === undefined ? [] : ['--read-rate', `${readBytesPerSecond}`];
  const child = spawn(process.execPath, [main, ...object, ...secure, ...slow], { stdio: 'pipe' });
  const complaint = text(child.stderr);
  const exited = once(child, 'exit');
  const first = await Promise.race([once(child.stdout, 'data'), exited.then(() => undefined)]);
  if (first === undefined) throw new Error(`The null S3 server ended before it served: ${await complaint}`);
  const stop = async (): Promise<void> => {
    child.stdin.destroy();
    await exited;
  };
  return { endpoint: String(first[0]).trim(), pid: child.pid!, stop, [Symbol.asyncDispose]: stop };
}
