import { openS3Store } from '../../src/objects/s3/open-s3-store.ts';
import { objectReadsContract } from '../contracts/object-reads.ts';
import { describeOnServers } from '../support/servers/describe-on-servers.ts';

describeOnServers('reading objects', (server, name) => {
  objectReadsContract(`S3 store on ${name}`, async () => {
    const { endpoint, region, accessKeyId, secretAccessKey } = server();
    const store = await openS3Store({ endpointUrl: endpoint, region, credentials: { accessKeyId, secretAccessKey } });
    return { store, dispose: () => store.close() };
  });
});
