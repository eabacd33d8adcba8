import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeCertificate } from './certificate.ts';
import { onFreePorts } from './free-port.ts';
import { answers, untilReady } from './ready.ts';
import { cephConfiguration } from './rgw-configuration.ts';
import { runningServer } from './running-server.ts';
import { credentials, type S3Server, type ServerOptions } from './s3-server.ts';
import { makeServerFolder } from './server-folder.ts';
import { type ServerProcess, startServerProcess } from './server-process.ts';

const run = promisify(execFile);

export interface RgwOptions extends ServerOptions {
  /** The most it holds, in memory; 2 GiB unless told. What is deleted is given back. */
  readonly storeBytes?: number;
}

/** Starts the least Ceph there can be, one monitor and one store in memory, and the RADOS gateway over it. */
export async function startRgw(options: RgwOptions = {}): Promise<S3Server> {
  const folder = await makeServerFolder(options.parentFolder);
  try {
    const certificate = options.tls ? await makeCertificate(folder) : undefined;
    return await onFreePorts(3, async ([port, monitorPort, oldMonitorPort]) => {
      const cluster = join(folder, `cluster-${port}`);
      const monitor = `[v2:127.0.0.1:${monitorPort},v1:127.0.0.1:${oldMonitorPort}]`;
      const storeBytes = options.storeBytes ?? 2 * 2 ** 30;
      const clusterId = await makeCluster({ cluster, port: port!, monitor, storeBytes, ...certificate });
      const processes = await startDaemons(cluster, clusterId, monitor);
      const endpoint = `${certificate ? 'https' : 'http'}://127.0.0.1:${port}`;
      return runningServer(
        { name: 'rgw', endpoint, folder, dataFolder: cluster, processes },
        {
          ready: async () => {
            await untilReady('rgw', processes, () => answers(endpoint));
            await createUser(cluster);
          },
          ...(certificate && { certificatePath: certificate.certificatePath }),
        },
      );
    });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function makeCluster(given: Omit<Parameters<typeof cephConfiguration>[0], 'clusterId'>): Promise<string> {
  const { cluster } = given;
  const clusterId = randomUUID();
  await Promise.all(['mon', 'osd'].map((name) => mkdir(join(cluster, name), { recursive: true })));
  await writeFile(join(cluster, 'ceph.conf'), cephConfiguration({ ...given, clusterId }));
  await writeFile(join(cluster, 'keyring'), '');
  return clusterId;
}

/** The first map of stores is made by hand, so that nobody has to ask a monitor for a place in it. */
async function startDaemons(cluster: string, clusterId: string, monitor: string): Promise<ServerProcess[]> {
  const configuration = ['--conf', join(cluster, 'ceph.conf')];
  const monitorMap = join(cluster, 'monitor-map');
  const storeMap = join(cluster, 'store-map');
  const store = run('ceph-osd', [...configuration, '-i', '0', '--mkfs', '--no-mon-config', '--osd-uuid', randomUUID()]);
  await Promise.all([
    run('monmaptool', ['--create', '--fsid', clusterId, '--addv', 'a', monitor, monitorMap]),
    run('osdmaptool', ['--createsimple', '1', '--pg-bits', '3', storeMap]),
  ]);
  const maps = ['--monmap', monitorMap, '--osdmap', storeMap];
  await Promise.all([store, run('ceph-mon', [...configuration, '-i', 'a', '--mkfs', ...maps])]);
  const daemon = (command: string, ...args: string[]): Promise<ServerProcess> =>
    startServerProcess(command, [...configuration, ...args, '-f'], { cwd: cluster });
  return Promise.all([
    daemon('ceph-mon', '-i', 'a'),
    daemon('ceph-osd', '-i', '0', '--no-mon-config'),
    daemon('radosgw', '-n', 'client.rgw', '--no-mon-config'),
  ]);
}

async function createUser(cluster: string): Promise<void> {
  const { accessKeyId, secretAccessKey } = credentials;
  const keys = ['--access-key', accessKeyId, '--secret-key', secretAccessKey];
  const user = ['user', 'create', '--uid', 'test', '--display-name', 'test', ...keys];
  await run('radosgw-admin', ['--conf', join(cluster, 'ceph.conf'), ...user]);
}
