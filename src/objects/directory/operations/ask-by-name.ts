import type { NamedAnswer, NamedRequest } from '../../bucket-store.ts';
import { checkBucketName, checkName, objectLabel, quoted } from '../names.ts';
import { refused } from '../refusals.ts';
import type { CallGround } from '../store-ground.ts';
import { checkVersion } from '../versions.ts';
import type { NamedOperation } from './named-operation.ts';
import { bucketOperations, objectOperations } from './operation-table.ts';

/** Carries out an operation of the table. @throws SealpartError with S3's word in `said` */
export async function askByName(ground: CallGround, request: NamedRequest, signal: AbortSignal): Promise<NamedAnswer> {
  const { operation, bucket, key = '' } = request;
  const name = { bucket, key };
  const onObject = find(objectOperations, operation);
  const found = onObject ?? find(bucketOperations, operation);
  if (found === undefined)
    throw refused('NotImplemented', `${ground.name} does not know the operation ${quoted(operation)}`);
  if (onObject === undefined) {
    checkBucketName(bucket);
  } else {
    checkName(name);
    checkVersion(request.query.get('versionId'));
  }
  const label = onObject === undefined ? quoted(bucket) : objectLabel(name);
  return await ground.calls.run(`carry out ${operation} of ${label}`, signal, () =>
    found({ ground, request, name, signal }),
  );
}

function find(table: Readonly<Record<string, NamedOperation>>, operation: string): NamedOperation | undefined {
  return Object.hasOwn(table, operation) ? table[operation] : undefined;
}
