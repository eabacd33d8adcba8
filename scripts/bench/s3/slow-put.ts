import { readFileSync } from 'node:fs';
import { keyFileRecipient } from '../../../src/keys/key-file.ts';
import { openS3Store } from '../../../src/objects/s3/open-s3-store.ts';
import { putObject } from '../../../src/pipelines/put-object.ts';
import { openFileSource } from '../../../src/sources/file-source.ts';
import { benchKey } from '../content.ts';
import { segmentSizeBytes } from '../pipeline-side.ts';

// A process that puts a file and tells what it announces. Usage: node slow-put.ts FILE ENDPOINT CERTIFICATE MEMORY

const [, , file, endpointUrl, certificatePath, memory] = process.argv;
const store = await openS3Store({
  endpointUrl,
  region: 'us-east-1',
  credentials: { accessKeyId: 'null', secretAccessKey: 'null' },
  ca: readFileSync(certificatePath!, 'latin1'),
});
await putObject({
  source: await openFileSource(file!),
  store,
  object: { bucket: 'bench', key: 'content' },
  recipients: [keyFileRecipient(benchKey)],
  segmentSizeBytes,
  workers: 2,
  memoryBytes: Number(memory),
  onPlan: ({ peakBytes }) => process.send!(peakBytes),
});
await store.close();
process.disconnect?.();
