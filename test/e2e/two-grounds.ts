import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from 'vitest';
import { openDirectoryStore } from '../../src/objects/directory/open-directory-store.ts';
import type { ObjectHead, ObjectStore } from '../../src/objects/object-store.ts';
import { openS3Store } from '../../src/objects/s3/open-s3-store.ts';
import { databasesOf, type Ground, uploadGround } from '../cli/unfinished.ts';
import { describeOnServers } from '../support/servers/describe-on-servers.ts';
import { makeBucket } from '../support/servers/s3-client.ts';
import type { S3Server } from '../support/servers/s3-server.ts';
import { calm } from '../support/streams.ts';

/** A file, a key, a manifest and a store, for commands in processes of their own. */
export interface StoreGround extends Ground {
  /** The databases that a run writes to. */
  readonly databases: readonly string[];
  /** What stands under the URL, as the store tells whoever asks it directly. */
  readonly head: () => Promise<ObjectHead>;
  /** Uploads that the store has, by its own word. */
  readonly uploadsLeft: () => Promise<number>;
}

/** Runs the same tests on a store in a folder and on an S3 server. */
export function describeOnTwoStores(title: string, define: (makeGround: () => Promise<StoreGround>) => void): void {
  describe(`${title} in a folder`, () => {
    define(async () => {
      const ground = await uploadGround();
      const open = (): Promise<ObjectStore> => openDirectoryStore(ground.path('store'), { create: false });
      return { ...ground, databases: databasesOf(ground), ...looksAt(open, 'bucket') };
    });
  });
  describeOnServers(title, (server) => define(() => serverGround(server())), { servers: ['versitygw'] });
}

async function serverGround({ endpoint, region, accessKeyId, secretAccessKey, ...server }: S3Server) {
  const ground = await uploadGround();
  const bucket = await makeBucket({ endpoint, region, accessKeyId, secretAccessKey, ...server });
  const nothing = join(ground.directory, 'no-aws-files');
  await writeFile(nothing, '');
  const env = {
    ...ground.env,
    AWS_CONFIG_FILE: nothing,
    AWS_SHARED_CREDENTIALS_FILE: nothing,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: region,
    AWS_ENDPOINT_URL: endpoint,
  };
  const credentials = { accessKeyId, secretAccessKey };
  const open = (): Promise<ObjectStore> => openS3Store({ endpointUrl: endpoint, region, credentials });
  const databases = databasesOf(ground).slice(0, 1);
  return { ...ground, url: `s3://${bucket}/k`, env, databases, ...looksAt(open, bucket) };
}

function looksAt(open: () => Promise<ObjectStore>, bucket: string): Pick<StoreGround, 'head' | 'uploadsLeft'> {
  const using = async <T>(look: (store: ObjectStore) => Promise<T>): Promise<T> => {
    const store = await open();
    try {
      return await look(store);
    } finally {
      await store.close();
    }
  };
  return {
    head: () => using((store) => store.head({ bucket, key: 'k' }, calm)),
    uploadsLeft: () =>
      using(async (store) => {
        let count = 0;
        for await (const _upload of store.listUploads(bucket, calm)) count++;
        return count;
      }),
  };
}
