import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClientEndpoint } from './client-endpoint.ts';
import { ClientProcess } from './client-process.ts';
import type { TestedClient } from './tested-client.ts';

/** s3cmd, told never to cut a file into parts. */
export async function openS3cmd(path: string, endpoint: ClientEndpoint, folder: string): Promise<TestedClient> {
  const { host, protocol } = new URL(endpoint.url);
  const configuration = join(folder, 's3cmd-config');
  const lines = {
    access_key: endpoint.accessKeyId,
    secret_key: endpoint.secretAccessKey,
    bucket_location: endpoint.region,
    host_base: host,
    host_bucket: host,
    use_https: protocol === 'https:' ? 'True' : 'False',
    enable_multipart: 'False',
    ...(endpoint.caFile && { ca_certs_file: endpoint.caFile }),
  };
  const text = Object.entries(lines).map(([name, value]) => `${name} = ${value}\n`);
  await writeFile(configuration, `[default]\n${text.join('')}`);
  const client = new ClientProcess([path, '--config', configuration, '--no-progress'], { HOME: folder });
  const at = (bucket: string, key: string): string => `s3://${bucket}/${key}`;
  return {
    complaints: () => client.complaints(),
    put: async (bucket, key, file, metadata = {}) => {
      const given = Object.entries(metadata).map(([name, value]) => `--add-header=x-amz-meta-${name}:${value}`);
      await client.run(['put', ...given, file, at(bucket, key)]);
    },
    get: async (bucket, key, file) => {
      await client.run(['get', '--force', at(bucket, key), file]);
    },
    metadata: async (bucket, key) => {
      const printed = await client.text(['info', at(bucket, key)]);
      return Object.fromEntries(
        [...printed.matchAll(/^ +x-amz-meta-(\S+): (.*)$/gm)].map(([, name, value]) => [name, value]),
      );
    },
    list: async (bucket, prefix) => {
      const printed = await client.text(['ls', '--recursive', at(bucket, prefix)]);
      const start = `s3://${bucket}/`;
      return printed
        .split('\n')
        .filter((line) => line.includes(start))
        .map((line) => line.slice(line.indexOf(start) + start.length));
    },
    sync: async (from, bucket, prefix) => {
      const printed = await client.text(['sync', '--no-delete-removed', `${from}/`, at(bucket, prefix)]);
      return printed.split('\n').filter((line) => line.startsWith('upload:')).length;
    },
    remove: async (bucket, key) => {
      await client.run(['del', at(bucket, key)]);
    },
    removeAll: async (bucket, prefix) => {
      await client.run(['del', '--recursive', '--force', at(bucket, prefix)]);
    },
  };
}
