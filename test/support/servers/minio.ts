import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { goProgramPath } from '../../../scripts/servers/server-place.ts';
import { makeCertificate } from './certificate.ts';
import { onFreePorts } from './free-port.ts';
import { answers, untilReady } from './ready.ts';
import { runningServer } from './running-server.ts';
import { credentials, type S3Server, type ServerOptions } from './s3-server.ts';
import { makeServerFolder } from './server-folder.ts';
import { startServerProcess } from './server-process.ts';

/** Starts MinIO over one directory. */
export async function startMinio(options: ServerOptions = {}): Promise<S3Server> {
  const folder = await makeServerFolder(options.parentFolder);
  const dataFolder = join(folder, 'data');
  const certificates = join(folder, 'certificates');
  try {
    await Promise.all([dataFolder, certificates].map((path) => mkdir(path)));
    // It serves https as soon as it finds these two names in its folder of certificates.
    const certificate = options.tls ? await makeCertificate(certificates) : undefined;
    return await onFreePorts(2, async ([port, consolePort]) => {
      const address = `127.0.0.1:${port}`;
      const folders = ['--certs-dir', certificates, dataFolder];
      const server = await startServerProcess(
        goProgramPath('minio'),
        ['server', '--quiet', '--address', address, '--console-address', `127.0.0.1:${consolePort}`, ...folders],
        {
          cwd: folder,
          env: {
            MINIO_ROOT_USER: credentials.accessKeyId,
            MINIO_ROOT_PASSWORD: credentials.secretAccessKey,
            MINIO_CI_CD: '1',
            MINIO_BROWSER: 'off',
            MINIO_UPDATE: 'off',
          },
        },
      );
      const endpoint = `${certificate ? 'https' : 'http'}://${address}`;
      return runningServer(
        { name: 'minio', endpoint, folder, dataFolder, processes: [server] },
        {
          // Before it knows its users it answers 503, while its own page on its health already says that all is well.
          ready: () => untilReady('minio', [server], () => answers(endpoint, [403])),
          ...(certificate && { certificatePath: certificate.certificatePath }),
        },
      );
    });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}
