import type { StoreLimits } from '../../../src/objects/object-store.ts';
import { openS3Store } from '../../../src/objects/s3/open-s3-store.ts';
import type { BucketDeviation } from '../../contracts/bucket-store.ts';
import { bucketStoreContract } from '../../contracts/bucket-store.ts';
import { describeOnServers } from '../../support/servers/describe-on-servers.ts';
import type { ServerName } from '../../support/servers/s3-server.ts';

interface ServerTraits {
  readonly limits?: Partial<StoreLimits>;
  readonly deviations: readonly BucketDeviation[];
}

const traits: Readonly<Record<ServerName, ServerTraits>> = {
  versitygw: {
    deviations: ['keys-are-paths', 'no-fresh-answers', 'no-public-access-block', 'storage-classes-ignored'],
  },
  minio: { deviations: ['keys-are-paths'] },
  rgw: { limits: { checksums: false, conditionalComplete: false }, deviations: [] },
};

const backoff = { baseMs: 10, capMs: 50 };

describeOnServers('S3 bucket store', (server, name) => {
  bucketStoreContract(`S3 bucket store on ${name}`, async () => {
    const { endpoint, region, accessKeyId, secretAccessKey } = server();
    const { limits = {}, deviations } = traits[name];
    const credentials = { accessKeyId, secretAccessKey };
    const store = await openS3Store({ endpointUrl: endpoint, region, credentials, limits, backoff });
    return { store, deviations, dispose: () => store.close() };
  });
});
