import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { SealpartError } from '../../errors.ts';
import type { NamedAnswer, NamedRequest } from '../bucket-store.ts';
import { objectLabel, quoted } from '../directory/names.ts';
import { isAskable } from './askable-operations.ts';
import type { Failure } from './failure.ts';
import { WireBody } from './http/wire-body.ts';
import { encodeCrc32 } from './payload.ts';
import { readWhole } from './signed/store-answer.ts';
import type { S3Ground } from './store-ground.ts';

/** The longest answer. A configuration is at most 1 MiB, and a page of anything is shorter than this. */
const maxAnswerBytes = 8 * 1024 * 1024;

/** What a request has of its own: whoever forwards one must not bring those of another. */
const ownHeaders =
  /^(?:authorization|connection|content-length|expect|host|transfer-encoding|user-agent|x-amz-(?:content-sha256|date|decoded-content-length|sdk-checksum-algorithm|security-token|trailer|user-agent))$/;

/** What an answer says of its way here, and of a request that whoever asked does not know. */
const hopHeaders =
  /^(?:connection|content-length|date|keep-alive|server|transfer-encoding|x-amz-id-2|x-amz-request-id)$/;

/**
 * Has an operation done by its name: the request is sent as it is given, and the answer given as it came.
 *
 * @throws SealpartError `bad-parameters` (NotImplemented) for an operation that is not one of these
 */
export async function askStore(ground: S3Ground, request: NamedRequest, signal: AbortSignal): Promise<NamedAnswer> {
  const { operation, method, bucket, key, query, body } = request;
  if (!isAskable(operation)) {
    const message = `${ground.name} is not asked for ${quoted(operation)}: nothing like it is known here.`;
    throw new SealpartError('bad-parameters', message, { said: 'NotImplemented' });
  }
  const subject = key === undefined ? quoted(bucket) : objectLabel({ bucket, key });
  return await ground.caller.run<NamedAnswer>(signal, {
    doing: bucket === '' ? `do ${operation}` : `do ${operation} on ${subject}`,
    subject: { bucket, ...(key === undefined ? {} : { key }), operation },
    changes: method !== 'GET' && method !== 'HEAD',
    request: {
      method,
      bucket,
      key,
      query: Object.fromEntries(query),
      headers: { ...givenHeaders(request), ...checkHeader(ground, request) },
      body: new WireBody([body]),
      payloadHash: createHash('sha256').update(body).digest('hex'),
    },
    read: async (answer) => {
      const bytes = await readWhole(answer, maxAnswerBytes);
      return { status: answer.status, headers: answerHeaders(answer.headers), body: bytes };
    },
    settle: (failure, afterDoubt) => (afterDoubt ? settled(operation, bucket, failure) : undefined),
  });
}

function givenHeaders({ headers }: NamedRequest): Record<string, string> {
  const given = Object.entries(headers).filter(([name]) => !ownHeaders.test(name));
  return Object.fromEntries(given.map(([name, value]) => [name, value.trim()]));
}

/** Operations that change much by a document demand a checksum of it. */
function checkHeader({ limits }: S3Ground, { headers, body }: NamedRequest): Record<string, string> {
  const has = Object.keys(headers).some((name) => name === 'content-md5' || name.startsWith('x-amz-checksum-'));
  if (body.length === 0 || has) return {};
  if (limits.checksums) return { 'x-amz-checksum-crc32': encodeCrc32(crc32(body)) };
  return { 'content-md5': createHash('md5').update(body).digest('base64') };
}

function answerHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hopHeaders.test(name)));
}

/** What stands for an answer that was lost, where the next one says that the first request was carried out. */
function settled(operation: string, bucket: string, { code }: Failure): NamedAnswer | undefined {
  const body = new Uint8Array(0);
  if (operation === 'CreateBucket' && code === 'BucketAlreadyOwnedByYou') {
    return { status: 200, headers: { location: `/${bucket}` }, body };
  }
  return operation === 'DeleteBucket' && code === 'NoSuchBucket' ? { status: 204, headers: {}, body } : undefined;
}
