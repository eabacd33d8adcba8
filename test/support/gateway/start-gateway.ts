import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { secretKey } from '../../../src/crypto/hkdf.ts';
import { formatSymmetricKey } from '../../../src/keys/key-text.ts';
import type { ClientEndpoint } from '../clients/client-endpoint.ts';
import { makeCertificate } from '../servers/certificate.ts';
import { answers, untilReady } from '../servers/ready.ts';
import type { S3Server } from '../servers/s3-server.ts';
import { makeServerFolder } from '../servers/server-folder.ts';
import { type ServerProcess, startServerProcess } from '../servers/server-process.ts';
import { startVersitygw } from '../servers/versitygw.ts';

const mainFile = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));
const compileCache = fileURLToPath(new URL('../../../node_modules/.cache/sealpart-cli', import.meta.url));

/** What a gateway keeps its objects in. */
export type Behind = 'dir' | 'versitygw';

export interface GatewayOptions {
  readonly over?: Behind;
  /** Serve https with a certificate that signs itself. */
  readonly tls?: boolean;
  /** Further flags of `sealpart gateway`. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A gateway in a process of its own, on a port of 127.0.0.1, with nothing in it. */
export interface RunningGateway extends ClientEndpoint {
  readonly port: number;
  /** Below it everything that is kept: its key, its manifest, and the objects of an embedded store. */
  readonly folder: string;
  /** The store behind, if that is a server. */
  readonly behind?: S3Server;
  /** The end of what it printed and logged. */
  output(): string;
  running(): boolean;
  signal(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Whom the gateway knows. The secret is one that no log or answer would contain by chance. */
export const gatewayCredentials = {
  accessKeyId: 'AKTESTGATEWAY0001',
  secretAccessKey: 'zUq6GfJr+Tt3/4nNsEcReT0fTheTestGateway99',
} as const;
const region = 'us-east-1';

/** Starts `sealpart gateway`, with a store behind it that goes away with it. */
export async function startGateway(options: GatewayOptions = {}): Promise<RunningGateway> {
  const folder = await makeServerFolder();
  const started: { stop(): Promise<void> }[] = [];
  const stop = async (): Promise<void> => {
    for (const one of started.toReversed()) await one.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const behind = options.over === 'versitygw' ? await startVersitygw() : undefined;
    if (behind !== undefined) started.push(behind);
    const certificate = options.tls ? await makeCertificate(folder) : undefined;
    const process = await startProcess(folder, options, { behind, certificate });
    started.push(process);
    const url = await listeningUrl(process);
    return {
      url,
      port: Number(new URL(url).port),
      folder,
      region,
      ...gatewayCredentials,
      ...(certificate && { caFile: certificate.certificatePath }),
      ...(behind && { behind }),
      output: () => process.output(),
      running: () => process.running(),
      signal: (signal) => process.signal(signal),
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Parts {
  readonly behind: S3Server | undefined;
  readonly certificate: Awaited<ReturnType<typeof makeCertificate>> | undefined;
}

async function startProcess(
  folder: string,
  { flags = [], env }: GatewayOptions,
  { behind, certificate }: Parts,
): Promise<ServerProcess> {
  await mkdir(join(folder, 'state'));
  const keyFile = join(folder, 'key');
  await writeFile(keyFile, `${formatSymmetricKey(secretKey(randomBytes(32)))}\n`, { mode: 0o600 });
  const store =
    behind === undefined
      ? ['--store', `dir:${join(folder, 'objects')}`]
      : ['--store', 's3', '--endpoint-url', behind.endpoint];
  const tls = certificate ? ['--tls-cert', certificate.certificatePath, '--tls-key', certificate.keyPath] : [];
  const general = [
    '--listen',
    '127.0.0.1:0',
    '--admin-listen',
    'none',
    '--region',
    region,
    '--manifest',
    `sqlite:${join(folder, 'manifest.db')}`,
    '--key-file',
    keyFile,
  ];
  return startServerProcess(
    globalThis.process.execPath,
    [mainFile, 'gateway', ...general, ...store, ...tls, ...flags],
    {
      cwd: folder,
      env: {
        XDG_STATE_HOME: join(folder, 'state'),
        NODE_COMPILE_CACHE: compileCache,
        SEALPART_ACCESS_KEY_ID: gatewayCredentials.accessKeyId,
        SEALPART_SECRET_ACCESS_KEY: gatewayCredentials.secretAccessKey,
        ...(behind && { AWS_ACCESS_KEY_ID: behind.accessKeyId, AWS_SECRET_ACCESS_KEY: behind.secretAccessKey }),
        ...env,
      },
    },
  );
}

/** Waits until it says where it listens and answers there. */
async function listeningUrl(process: ServerProcess): Promise<string> {
  const find = (): string | undefined => /https?:\/\/127\.0\.0\.1:\d+/.exec(process.output())?.[0];
  await untilReady('the gateway', [process], async () => {
    const url = find();
    return url !== undefined && answers(url);
  });
  return find()!;
}
