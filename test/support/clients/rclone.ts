import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClientEndpoint } from './client-endpoint.ts';
import { ClientProcess } from './client-process.ts';
import type { TestedClient } from './tested-client.ts';

/** rclone, told never to cut a file into parts. */
export function openRclone(path: string, endpoint: ClientEndpoint, folder: string): TestedClient {
  const { url, region, accessKeyId, secretAccessKey, caFile } = endpoint;
  const client = new ClientProcess([path, ...(caFile ? ['--ca-cert', caFile] : [])], {
    HOME: folder,
    RCLONE_CONFIG: join(folder, 'rclone.conf'),
    RCLONE_CONFIG_R_TYPE: 's3',
    RCLONE_CONFIG_R_PROVIDER: 'Other',
    RCLONE_CONFIG_R_ENDPOINT: url,
    RCLONE_CONFIG_R_REGION: region,
    RCLONE_CONFIG_R_ACCESS_KEY_ID: accessKeyId,
    RCLONE_CONFIG_R_SECRET_ACCESS_KEY: secretAccessKey,
    RCLONE_CONFIG_R_FORCE_PATH_STYLE: 'true',
    RCLONE_CONFIG_R_UPLOAD_CUTOFF: '4G',
    RCLONE_LOW_LEVEL_RETRIES: '1',
    RCLONE_RETRIES: '1',
  });
  const at = (bucket: string, key: string): string => `r:${bucket}/${key}`;
  return {
    complaints: () => client.complaints(),
    put: async (bucket, key, file, metadata = {}) => {
      const given = Object.entries(metadata).flatMap(([name, value]) => ['--metadata-set', `${name}=${value}`]);
      const flags = given.length > 0 ? ['--metadata', ...given] : [];
      await client.run(['copyto', '--no-check-dest', ...flags, file, at(bucket, key)]);
    },
    get: async (bucket, key, file) => {
      await client.run(['copyto', '--no-check-dest', at(bucket, key), file]);
    },
    getRange: (bucket, key, start, end) =>
      client.run(['cat', '--offset', String(start), '--count', String(end - start), at(bucket, key)]),
    metadata: async (bucket, key) => {
      const printed = await client.text(['lsjson', '--stat', '--metadata', at(bucket, key)]);
      return (JSON.parse(printed) as { Metadata: Record<string, string> }).Metadata;
    },
    list: async (bucket, prefix) => {
      const printed = await client.text(['lsf', '--recursive', '--files-only', at(bucket, prefix)]);
      return printed
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => prefix + line);
    },
    sync: async (from, bucket, prefix) => {
      const log = join(folder, 'rclone-sync.log');
      // Two names that differ in their Unicode form only are two files here.
      const how = ['--checksum', '--no-unicode-normalization', '--stats-one-line', '-v', '--log-file', log];
      await client.run(['sync', ...how, from, at(bucket, prefix)]);
      const printed = await readFile(log, 'utf8');
      await rm(log);
      return printed.split('\n').filter((line) => line.includes(': Copied (')).length;
    },
    remove: async (bucket, key) => {
      await client.run(['deletefile', at(bucket, key)]);
    },
    removeAll: async (bucket, prefix) => {
      await client.run(['delete', at(bucket, prefix)]);
    },
    presignGet: async (bucket, key) => (await client.text(['link', '--expire', '5m', at(bucket, key)])).trim(),
  };
}
