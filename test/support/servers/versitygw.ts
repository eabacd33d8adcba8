import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { goProgramPath } from '../../../scripts/servers/server-place.ts';
import { makeCertificate } from './certificate.ts';
import { onFreePorts } from './free-port.ts';
import { answers, untilReady } from './ready.ts';
import { runningServer } from './running-server.ts';
import { credentials, region, type S3Server, type ServedRequest, type ServerOptions } from './s3-server.ts';
import { makeServerFolder } from './server-folder.ts';
import { startServerProcess } from './server-process.ts';

/** Starts versitygw over a directory of plain files, with versions of objects and a log of requests. */
export async function startVersitygw(options: ServerOptions = {}): Promise<S3Server> {
  const folder = await makeServerFolder(options.parentFolder);
  const dataFolder = join(folder, 'data');
  const accessLog = join(folder, 'access.log');
  try {
    await Promise.all(['iam', 'versions', 'data'].map((name) => mkdir(join(folder, name))));
    const certificate = options.tls ? await makeCertificate(folder) : undefined;
    return await onFreePorts(1, async ([port]) => {
      const address = `127.0.0.1:${port}`;
      const tls = certificate ? ['--cert', certificate.certificatePath, '--key', certificate.keyPath] : [];
      // Without --keep-alive it closes the connection after every answer, which no other store does.
      const general = ['--port', address, '--region', region, '--keep-alive', '--quiet', '--access-log', accessLog];
      const backend = ['posix', '--versioning-dir', join(folder, 'versions'), dataFolder];
      const server = await startServerProcess(
        goProgramPath('versitygw'),
        [...general, ...tls, '--iam-dir', join(folder, 'iam'), ...backend],
        {
          cwd: folder,
          env: { ROOT_ACCESS_KEY: credentials.accessKeyId, ROOT_SECRET_KEY: credentials.secretAccessKey },
        },
      );
      const endpoint = `${certificate ? 'https' : 'http'}://${address}`;
      return runningServer(
        { name: 'versitygw', endpoint, folder, dataFolder, processes: [server] },
        {
          ready: () => untilReady('versitygw', [server], () => answers(endpoint)),
          requests: () => readAccessLog(accessLog),
          ...(certificate && { certificatePath: certificate.certificatePath }),
        },
      );
    });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

// owner bucket [time] address requester id OPERATION key TARGET STATUS ERROR …; the blanks inside of a target are encoded.
const logLine = /^\S+ \S+ \[[^\]]*\] \S+ \S+ \S+ (?:s3_)?(\S+) (.*?) (\/\S*) (\d{3}) (\S+) /;

async function readAccessLog(path: string): Promise<ServedRequest[]> {
  const lines = (await readFile(path, 'utf8')).split('\n');
  return lines.flatMap((line) => {
    const match = logLine.exec(line);
    if (match === null) return [];
    const [, operation, , target, status, error] = match;
    return [
      { operation: operation!, target: target!, status: Number(status), ...(error !== '-' && { errorCode: error! }) },
    ];
  });
}
