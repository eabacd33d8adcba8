import { s3Error } from '../errors/s3-error.ts';
import { forwardedOperations } from './forwarded-operations.ts';
import type { Operation, ResourceLevel } from './operation.ts';
import { refusedOperations } from './refused-operations.ts';
import type { RequestTarget } from './request-target.ts';
import { rewrittenOperations } from './rewritten-operations.ts';

/** The closed table: what is not in it is not done. */
export const operations: readonly Operation[] = [...rewrittenOperations, ...forwardedOperations, ...refusedOperations];

/** Rows by what is known of a request at once, those with the most selectors first. */
const rowsByKind: ReadonlyMap<string, readonly Operation[]> = Map.groupBy(
  operations.toSorted((a, b) => b.selectors.length - a.selectors.length),
  ({ method, level, isCopy }) => kindOf(method, level, isCopy),
);

function kindOf(method: string, level: ResourceLevel, isCopy: boolean): string {
  return `${method} ${level}${isCopy ? ' copy' : ''}`;
}

/** How browsers ask whether a page may ask; it is no operation of the API. */
export const preflightOperation: Operation = {
  name: 'Preflight',
  method: 'OPTIONS',
  level: 'bucket',
  selectors: [],
  isCopy: false,
  treatment: 'rewritten',
  access: 'none',
  query: [],
  headers: [],
  body: { kind: 'none' },
};

/** What decides which operation a request is. */
export interface OperationRequest {
  readonly method: string;
  readonly target: RequestTarget;
  /** True if the request has an x-amz-copy-source. */
  readonly isCopy: boolean;
}

/**
 * The row of the table that a request belongs to: of those whose selectors it has, the one with the most. Whether it may
 * have everything else that it has is not looked at here.
 *
 * @throws S3Error MethodNotAllowed, or what S3 says of a few requests that look like operations and are none.
 */
export function findOperation(request: OperationRequest): Operation {
  const { method, target, isCopy } = request;
  if (method === 'OPTIONS' && target.bucket !== undefined) return preflightOperation;
  checkMisused(request);
  const rows = rowsByKind.get(kindOf(method, levelOf(target), isCopy)) ?? [];
  const row = rows.find(({ selectors }) => selectors.every((selector) => isGiven(selector, target.query)));
  if (row === undefined) throw s3Error('MethodNotAllowed', { Method: method, ResourceType: 'SERVICE' });
  return row;
}

function levelOf({ bucket, key }: RequestTarget): ResourceLevel {
  if (bucket === undefined) return 'service';
  return key === undefined ? 'bucket' : 'object';
}

function isGiven(selector: string, query: ReadonlyMap<string, string>): boolean {
  const equals = selector.indexOf('=');
  if (equals < 0) return query.has(selector);
  return query.get(selector.slice(0, equals)) === selector.slice(equals + 1);
}

function checkMisused({ method, target: { key, query } }: OperationRequest): void {
  if (key === undefined) return;
  if (method === 'GET' && query.has('uploads')) {
    throw s3Error('InvalidRequest', { message: 'Key is not expected for the GET method ?uploads subresource' });
  }
  if (method === 'GET' && query.has('versions')) {
    const message = 'There is no such thing as the ?versions sub-resource for a key';
    throw s3Error('InvalidRequest', { message });
  }
  if (method !== 'PUT') return;
  if (query.has('partNumber') && !query.has('uploadId')) {
    throw s3Error('InvalidArgument', {
      message: 'This operation does not accept partNumber without uploadId',
      ArgumentName: 'partNumber',
      ArgumentValue: 'partNumber',
    });
  }
  if (query.has('uploadId') && !query.has('partNumber')) {
    throw s3Error('MethodNotAllowed', { Method: method, ResourceType: 'UPLOAD' });
  }
}
