import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClientEndpoint } from './client-endpoint.ts';
import { ClientProcess } from './client-process.ts';
import { isPathLike, type TestedClient } from './tested-client.ts';

/** The aws-cli at a path, told never to cut a file into parts. */
export async function openAwsCli(path: string, endpoint: ClientEndpoint, folder: string): Promise<TestedClient> {
  const configuration = join(folder, 'aws-config');
  const s3 = '  multipart_threshold = 4GB\n  addressing_style = path\n  signature_version = s3v4\n';
  await writeFile(configuration, `[default]\nregion = ${endpoint.region}\ncli_pager =\ns3 =\n${s3}`);
  const client = new ClientProcess([path], {
    HOME: folder,
    AWS_CONFIG_FILE: configuration,
    AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none'),
    AWS_ACCESS_KEY_ID: endpoint.accessKeyId,
    AWS_SECRET_ACCESS_KEY: endpoint.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
  });
  const where = ['--endpoint-url', endpoint.url, ...(endpoint.caFile ? ['--ca-bundle', endpoint.caFile] : [])];
  const s3api = async (operation: string, bucket: string, ...args: string[]): Promise<Record<string, unknown>> => {
    const printed = await client.text(['s3api', operation, ...where, '--bucket', bucket, '--output', 'json', ...args]);
    return printed.trim() === '' ? {} : (JSON.parse(printed) as Record<string, unknown>);
  };
  const ranged = join(folder, 'range');
  return {
    complaints: () => client.complaints(),
    // `s3 cp` for what files are put by; it would read a key that ends in a slash as a folder.
    put: async (bucket, key, file, metadata) => {
      const given = metadata ? ['--metadata', JSON.stringify(metadata)] : [];
      if (isPathLike(key)) await s3api('put-object', bucket, '--key', key, '--body', file, ...given);
      else await client.run(['s3', 'cp', ...where, '--no-progress', ...given, file, `s3://${bucket}/${key}`]);
    },
    get: async (bucket, key, file) => {
      if (isPathLike(key)) await s3api('get-object', bucket, '--key', key, file);
      else await client.run(['s3', 'cp', ...where, '--no-progress', `s3://${bucket}/${key}`, file]);
    },
    getRange: async (bucket, key, start, end) => {
      await s3api('get-object', bucket, '--key', key, '--range', `bytes=${start}-${end - 1}`, ranged);
      return readFile(ranged);
    },
    metadata: async (bucket, key) => {
      const { Metadata } = await s3api('head-object', bucket, '--key', key);
      return Metadata as Record<string, string>;
    },
    list: async (bucket, prefix) => {
      const { Contents = [] } = await s3api('list-objects-v2', bucket, '--prefix', prefix);
      return (Contents as { Key: string }[]).map(({ Key }) => Key);
    },
    sync: async (from, bucket, prefix) => {
      const printed = await client.text(['s3', 'sync', ...where, '--no-progress', from, `s3://${bucket}/${prefix}`]);
      return printed.split('\n').filter((line) => line.startsWith('upload:')).length;
    },
    remove: async (bucket, key) => {
      await s3api('delete-object', bucket, '--key', key);
    },
    removeAll: async (bucket, prefix) => {
      await client.run(['s3', 'rm', ...where, '--recursive', '--quiet', `s3://${bucket}/${prefix}`]);
    },
    presignGet: async (bucket, key) => (await client.text(['s3', 'presign', ...where, `s3://${bucket}/${key}`])).trim(),
  };
}
