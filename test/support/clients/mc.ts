import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClientEndpoint } from './client-endpoint.ts';
import { ClientProcess } from './client-process.ts';
import type { TestedClient } from './tested-client.ts';

/** MinIO's client, told never to cut a file into parts. */
export async function openMc(path: string, endpoint: ClientEndpoint, folder: string): Promise<TestedClient> {
  const configuration = join(folder, 'mc');
  const trusted = join(configuration, 'certs', 'CAs');
  await mkdir(trusted, { recursive: true });
  if (endpoint.caFile) await copyFile(endpoint.caFile, join(trusted, 'gateway.crt'));
  const { url, accessKeyId: accessKey, secretAccessKey: secretKey } = endpoint;
  const aliases = { g: { url, accessKey, secretKey, api: 'S3v4', path: 'on' } };
  await writeFile(join(configuration, 'config.json'), JSON.stringify({ version: '10', aliases }));
  const client = new ClientProcess([path, '--config-dir', configuration, '--no-color', '--disable-pager'], {
    HOME: folder,
  });
  const at = (bucket: string, key: string): string => `g/${bucket}/${key}`;
  const json = async (...args: string[]): Promise<Record<string, unknown>[]> =>
    (await client.text([...args, '--json']))
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return {
    complaints: () => client.complaints(),
    put: async (bucket, key, file, metadata = {}) => {
      const given = Object.entries(metadata).map(([name, value]) => `${name}=${value}`);
      const flags = given.length > 0 ? ['--attr', given.join(';')] : [];
      await client.run(['cp', '--quiet', '--disable-multipart', ...flags, file, at(bucket, key)]);
    },
    get: async (bucket, key, file) => {
      await client.run(['cp', '--quiet', at(bucket, key), file]);
    },
    getRange: async (bucket, key, start, end) => {
      const rest = await client.run(['cat', '--offset', String(start), at(bucket, key)]);
      return rest.subarray(0, end - start);
    },
    metadata: async (bucket, key) => {
      const [stat] = await json('stat', at(bucket, key));
      const entries = Object.entries(stat!.metadata as Record<string, string>);
      return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase().replace('x-amz-meta-', ''), value]));
    },
    list: async (bucket, prefix) => {
      const found = await json('ls', '--recursive', at(bucket, prefix));
      return found.map(({ key }) => prefix + String(key));
    },
    sync: async (from, bucket, prefix) => {
      const printed = await json('mirror', '--overwrite', '--disable-multipart', from, at(bucket, prefix));
      return printed.filter(({ source }) => source !== undefined).length;
    },
    remove: async (bucket, key) => {
      await client.run(['rm', at(bucket, key)]);
    },
    removeAll: async (bucket, prefix) => {
      await client.run(['rm', '--recursive', '--force', at(bucket, prefix)]);
    },
    presignGet: async (bucket, key) => {
      const [share] = await json('share', 'download', '--expire', '5m', at(bucket, key));
      return String(share!.share);
    },
  };
}
