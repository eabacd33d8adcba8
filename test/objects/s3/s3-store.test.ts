import type { StoreLimits } from '../../../src/objects/object-store.ts';
import { openS3Store } from '../../../src/objects/s3/open-s3-store.ts';
import type { StoreDeviation } from '../../contracts/object-store/ground.ts';
import { objectStoreContract } from '../../contracts/object-store.ts';
import { describeOnServers } from '../../support/servers/describe-on-servers.ts';
import type { ServerName } from '../../support/servers/s3-server.ts';

interface ServerTraits {
  readonly limits?: Partial<StoreLimits>;
  readonly deviations: readonly StoreDeviation[];
}

const traits: Readonly<Record<ServerName, ServerTraits>> = {
  versitygw: { deviations: ['keys-are-paths', 'torn-races'] },
  minio: { deviations: ['keys-are-paths', 'uploads-unordered', 'aborts-anything'] },
  rgw: {
    limits: { checksums: false, conditionalComplete: false },
    deviations: [
      'all-parts-only',
      'buckets-made-again',
      'multipart-tags-lost',
      'no-if-match',
      'no-zero-bytes',
      'torn-races',
      'uploads-unordered',
    ],
  },
};

// Radosgw answers 500 while it holds a lock that it does not give back; nothing is won by waiting long for it.
const backoff = { baseMs: 10, capMs: 50 };

describeOnServers('S3 store', (server, name) => {
  objectStoreContract(`S3 store on ${name}`, async () => {
    const { endpoint, region, accessKeyId, secretAccessKey } = server();
    const { limits = {}, deviations } = traits[name];
    const credentials = { accessKeyId, secretAccessKey };
    const store = await openS3Store({ endpointUrl: endpoint, region, credentials, limits, backoff });
    return { store, deviations, dispose: () => store.close() };
  });
});
