import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Reachable } from '../../../test/support/servers/s3-client.ts';
import { type ServerProcess, startServerProcess } from '../../../test/support/servers/server-process.ts';
import { runSealpart } from '../sealpart-process.ts';

/** Something that speaks S3 in front of a store, in a process of its own. */
export interface Front extends Reachable {
  readonly pid: number;
  output(): string;
  stop(): Promise<void>;
}

const startLimitMs = 30_000;

/** A reverse proxy of plain Node in front of a store. */
export async function startPlainProxy(store: Reachable): Promise<Front> {
  const script = fileURLToPath(new URL('./plain-proxy.ts', import.meta.url));
  const child = await startServerProcess(process.execPath, [script, new URL(store.endpoint).port]);
  const port = await printed(child, /listening on (\d+)/);
  return { ...store, endpoint: `http://127.0.0.1:${port}`, ...ownerOf(child) };
}

export interface GatewayChoice {
  readonly cliPath: string;
  /** Where its key and its manifest are. */
  readonly folder: string;
  readonly etag: 'md5' | 'opaque';
  readonly flags?: readonly string[];
}

/** This project's gateway in front of a store. */
export async function startBenchGateway(store: Reachable, choice: GatewayChoice): Promise<Front> {
  const name = `${choice.etag}-${randomBytes(4).toString('hex')}`;
  const key = join(choice.folder, `key-${name}`);
  await runSealpart(['keygen', '-o', key, '--quiet']);
  const credentials = { accessKeyId: 'bench-client', secretAccessKey: randomBytes(20).toString('hex') };
  const child = await startServerProcess(
    process.execPath,
    [
      choice.cliPath,
      'gateway',
      ...['--listen', '127.0.0.1:0', '--store', 's3', '--endpoint-url', store.endpoint, '--region', store.region],
      ...['--key-file', key, '--manifest', `sqlite:${join(choice.folder, `manifest-${name}.db`)}`],
      ...['--etag', choice.etag, '--admin-listen', 'none', ...(choice.flags ?? [])],
    ],
    {
      env: {
        AWS_ACCESS_KEY_ID: store.accessKeyId,
        AWS_SECRET_ACCESS_KEY: store.secretAccessKey,
        SEALPART_ACCESS_KEY_ID: credentials.accessKeyId,
        SEALPART_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      },
    },
  );
  const endpoint = await printed(child, /(http:\/\/127\.0\.0\.1:\d+)/);
  return { ...store, ...credentials, endpoint, ...ownerOf(child) };
}

function ownerOf(child: ServerProcess): Pick<Front, 'pid' | 'output' | 'stop'> {
  return { pid: child.pid, output: () => child.output(), stop: () => child.stop() };
}

/** Waits for a line that a program prints when it is ready. */
export async function printed(child: ServerProcess, pattern: RegExp): Promise<string> {
  const end = performance.now() + startLimitMs;
  while (performance.now() < end && child.running()) {
    const found = pattern.exec(child.output())?.[1];
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`The program did not start: ${child.output().trim()}`);
}
