import { forwardedOperations } from '../../s3-protocol/routes/forwarded-operations.ts';
import type { OperationHandler } from '../operation-call.ts';
import { askByName } from './ask-by-name.ts';
import { deleteObject } from './delete-object.ts';
import { deleteObjects } from './delete-objects.ts';
import { getObject } from './get-object.ts';
import { getObjectAttributes } from './get-object-attributes.ts';
import { headObject } from './head-object.ts';
import { listBuckets } from './list-buckets.ts';
import { listObjectVersions } from './list-object-versions.ts';
import { listObjects, listObjectsV2 } from './list-objects.ts';
import { putObject } from './put-object.ts';

/** What does each operation, by the name that the model of S3's API gives it. What is not here is not done. */
export const operationHandlers: Readonly<Record<string, OperationHandler>> = {
  ...Object.fromEntries(forwardedOperations.map(({ name }) => [name, askByName])),
  DeleteObject: deleteObject,
  DeleteObjects: deleteObjects,
  GetObject: getObject,
  GetObjectAttributes: getObjectAttributes,
  HeadObject: headObject,
  ListBuckets: listBuckets,
  ListObjects: listObjects,
  ListObjectsV2: listObjectsV2,
  ListObjectVersions: listObjectVersions,
  PutObject: putObject,
};
