import { existsSync } from 'node:fs';
import { findOnPath, goProgramPath } from '../../../scripts/servers/server-place.ts';
import { startMinio } from './minio.ts';
import { startRgw } from './rgw.ts';
import type { S3Server, ServerName, ServerOptions } from './s3-server.ts';
import { startVersitygw } from './versitygw.ts';

const starts: Readonly<Record<ServerName, (options?: ServerOptions) => Promise<S3Server>>> = {
  versitygw: startVersitygw,
  minio: startMinio,
  rgw: startRgw,
};

/** Starts one by its name. */
export function startServer(name: ServerName, options: ServerOptions = {}): Promise<S3Server> {
  return starts[name](options);
}

const cephPrograms = ['ceph-mon', 'ceph-osd', 'monmaptool', 'osdmaptool', 'radosgw', 'radosgw-admin'] as const;

/** True if this machine has it: `npm run servers -- install` gets it. */
export function serverAvailable(name: ServerName): boolean {
  if (name === 'rgw') return cephPrograms.every((program) => findOnPath(program) !== undefined);
  return existsSync(goProgramPath(name));
}
