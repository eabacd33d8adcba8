import { assert } from '../../assert.ts';
import { s3Error } from '../errors/s3-error.ts';
import { checkConfiguration, checkPolicy } from '../xml/read-configurations.ts';
import type { OperationBody } from './operation.ts';

/**
 * Refuses a body that the operation cannot have, before it is sent on to a store. At most 1 MiB is accepted, and so no
 * more needs to be read.
 *
 * @throws S3Error MalformedXML, MalformedPolicy, MissingRequestBodyError, MaxMessageLengthExceeded or UnexpectedContent.
 */
export function checkForwardedBody(body: OperationBody, bytes: Uint8Array): void {
  assert(body.kind !== 'object', 'no forwarded operation carries object data');
  if (body.kind === 'none') {
    if (bytes.length > 0) throw s3Error('UnexpectedContent');
    return;
  }
  if (bytes.length === 0) {
    if (body.kind === 'xml' && body.mayBeEmpty === true) return;
    throw s3Error('MissingRequestBodyError');
  }
  if (body.kind === 'json') checkPolicy(bytes);
  else checkConfiguration(bytes, body.root);
}
