import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onFreePorts } from '../../../test/support/servers/free-port.ts';
import { answers, untilReady } from '../../../test/support/servers/ready.ts';
import type { Reachable } from '../../../test/support/servers/s3-client.ts';
import { startServerProcess } from '../../../test/support/servers/server-process.ts';
import { goProgramPath } from '../../servers/server-place.ts';
import { runProcess } from '../sealpart-process.ts';
import type { Front } from './bench-gateway.ts';

/** `rclone serve s3` over a crypt remote over a bucket of the store. */
export async function startRcloneServe(
  store: Reachable,
  folder: string,
): Promise<Front | { readonly missing: string }> {
  const rclone = goProgramPath('rclone');
  if (!existsSync(rclone)) {
    return { missing: 'Not measured beside rclone serve s3: `npm run servers -- install rclone` gets it.' };
  }
  const config = join(folder, 'rclone.conf');
  await writeFile(
    config,
    [
      '[store]',
      'type = s3',
      'provider = Other',
      `endpoint = ${store.endpoint}`,
      `region = ${store.region}`,
      `access_key_id = ${store.accessKeyId}`,
      `secret_access_key = ${store.secretAccessKey}`,
      'force_path_style = true',
      '[crypt]',
      'type = crypt',
      'remote = store:rclone-crypt',
      // Obscured below: rclone keeps no password as it is.
      '',
    ].join('\n'),
  );
  await runProcess(rclone, ['--config', config, 'mkdir', 'store:rclone-crypt']);
  await runProcess(rclone, ['--config', config, 'config', 'password', 'crypt', 'password', 'correct horse battery']);
  const credentials = { accessKeyId: 'bench-rclone', secretAccessKey: 'bench-rclone-secret' };
  return await onFreePorts(1, async ([port]) => {
    const address = `127.0.0.1:${port}`;
    const auth = `${credentials.accessKeyId},${credentials.secretAccessKey}`;
    const child = await startServerProcess(rclone, [
      ...['--config', config, 'serve', 's3', 'crypt:', '--addr', address, '--auth-key', auth],
    ]);
    const endpoint = `http://${address}`;
    await untilReady('rclone', [child], () => answers(endpoint));
    return {
      ...store,
      ...credentials,
      endpoint,
      pid: child.pid,
      output: () => child.output(),
      stop: () => child.stop(),
    };
  });
}
