import { xmlMediaType } from '../../s3-protocol/errors/error-document.ts';
import { s3Error } from '../../s3-protocol/errors/s3-error.ts';
import { checkForwardedBody } from '../../s3-protocol/routes/check-forwarded-body.ts';
import type { HeaderField } from '../../s3-protocol/signature/raw-request.ts';
import type { GatewayAnswer } from '../http/gateway-answer.ts';
import type { OperationCall } from '../operation-call.ts';
import { readDocument } from './read-document.ts';

/** What is about the body's way to us, which ends here: the store is sent a body of its own, and checks that. */
const ofTheTransfer = ['x-amz-content-sha256', 'x-amz-date', 'x-amz-decoded-content-length', 'x-amz-trailer'];
const notForwarded = [...ofTheTransfer, 'x-amz-security-token', 'x-amz-user-agent', 'x-amz-expected-bucket-owner'];

/** Their documents name other buckets, or queues, that the store then writes to, with credentials that are ours. */
const namesOtherBuckets: ReadonlySet<string> = new Set([
  'PutBucketLogging',
  'PutBucketNotificationConfiguration',
  'PutBucketReplication',
]);

/**
 * Has the store behind do an operation that carries no object data. Its body was read, checked and parsed here: what is
 * no document of that operation never leaves.
 */
export async function askByName(call: OperationCall, signal: AbortSignal): Promise<GatewayAnswer> {
  const { route, bucket, ground } = call;
  const { operation, target } = route;
  // No bucket is called so: only who is an admin of all of them passes.
  if (namesOtherBuckets.has(operation.name) && !call.allows('admin', '*')) throw s3Error('AccessDenied');
  const body = await readDocument(call, signal);
  checkForwardedBody(operation.body, body);
  const answer = await ground.store.ask(
    {
      operation: operation.name,
      method: operation.method,
      bucket,
      key: target.key,
      query: forwardedQuery(call),
      headers: forwardedHeaders(route.headers),
      body,
    },
    signal,
  );
  const headers = Object.entries(answer.headers).map(([name, value]): HeaderField => [name, value]);
  if (answer.body.length > 0 && answer.headers['content-type'] === undefined) {
    headers.push(['Content-Type', xmlMediaType]);
  }
  return { status: answer.status, headers, body: answer.body };
}

function forwardedQuery({ route: { operation, target } }: OperationCall): ReadonlyMap<string, string> {
  const names = [...operation.selectors.map((selector) => selector.split('=')[0]!), ...operation.query];
  return new Map(names.flatMap((name) => (target.query.has(name) ? [[name, target.query.get(name)!] as const] : [])));
}

function forwardedHeaders(headers: readonly HeaderField[]): Record<string, string> {
  const forwarded: Record<string, string> = {};
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    const isOfOperation = lower === 'content-type' || (lower.startsWith('x-amz-') && !isAboutBody(lower));
    if (isOfOperation && !notForwarded.includes(lower)) forwarded[lower] = value.trim();
  }
  return forwarded;
}

function isAboutBody(name: string): boolean {
  return name.startsWith('x-amz-checksum-') || name === 'x-amz-sdk-checksum-algorithm';
}
