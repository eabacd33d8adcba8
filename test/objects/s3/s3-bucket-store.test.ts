import { openS3Store } from '../../../src/objects/s3/open-s3-store.ts';
import { type BucketDeviation, bucketStoreContract } from '../../contracts/bucket-store.ts';
import { describeOnServers } from '../../support/servers/describe-on-servers.ts';

/** What versitygw does otherwise than S3. */
const deviations: readonly BucketDeviation[] = [
  'any-version-removed',
  'keys-are-paths',
  'last-page-unsure',
  'lenient-documents',
  'no-fresh-answers',
  'no-object-acls',
  'no-public-access-block',
  'start-after-skips-folders',
  'storage-classes-ignored',
];

describeOnServers(
  'S3 bucket store',
  (server, name) => {
    bucketStoreContract(`S3 bucket store on ${name}`, async () => {
      const { endpoint, region, accessKeyId, secretAccessKey } = server();
      const credentials = { accessKeyId, secretAccessKey };
      const store = await openS3Store({ endpointUrl: endpoint, region, credentials });
      return { store, deviations, dispose: () => store.close() };
    });
  },
  { servers: ['versitygw'] },
);
