import { s3Error } from '../errors/s3-error.ts';
import { type HeaderField, headerValues, type RawRequest } from '../signature/raw-request.ts';
import { checkHeaders, requiredAccess } from './check-headers.ts';
import { findOperation, preflightOperation } from './find-operation.ts';
import { isReservedKey } from './names.ts';
import type { Access, Operation } from './operation.ts';
import { parseRequestTarget, type RequestTarget } from './request-target.ts';

/** Where a request goes. */
export interface Route {
  /** Rewritten or forwarded: what is not implemented has no route. */
  readonly operation: Operation;
  readonly target: RequestTarget;
  /** What the access key must be good for, if the signature is right. */
  readonly access: Access;
  /** Those of the request and, of a presigned URL, those that stand in its query; names as they came. */
  readonly headers: readonly HeaderField[];
}

export interface RouteRules {
  /** Domains under which buckets are names of hosts. */
  readonly domains?: readonly string[] | undefined;
}

// What a signature in a query is made of. Those of version 2 are let through to who checks signatures, and says why not.
const signatureParameters: ReadonlySet<string> = new Set([
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Date',
  'X-Amz-Expires',
  'X-Amz-Security-Token',
  'X-Amz-Signature',
  'X-Amz-SignedHeaders',
  'AWSAccessKeyId',
  'Expires',
  'Signature',
]);

/**
 * Finds what a request is, before its signature is looked at and before a byte of its body is read. Everything in the
 * query and every x-amz- header must be known to the operation.
 *
 * @throws S3Error NotImplemented, MethodNotAllowed, InvalidURI, InvalidBucketName, KeyTooLongError, InvalidArgument,
 *   InvalidRequest, or AccessDenied for keys that are the gateway's own.
 */
export function routeRequest(request: RawRequest, { domains }: RouteRules = {}): Route {
  const target = parseRequestTarget(request.target, headerValues(request, 'host')[0], domains);
  const hoisted = hoistedHeaders(target.query);
  const headers = hoisted.length === 0 ? request.headers : [...request.headers, ...hoisted];
  const [copySource] = headerValues({ headers }, 'x-amz-copy-source');
  const { method } = request;
  if (copySource !== undefined && !(method === 'PUT' && target.key !== undefined)) throw strayCopySource(copySource);
  const operation = findOperation({ method, target, isCopy: copySource !== undefined });
  if (operation === preflightOperation) return { operation, target, access: operation.access, headers };
  if (operation.treatment === 'not-implemented') throw s3Error('NotImplemented');
  checkQuery(operation, target.query);
  checkHeaders(operation, headers);
  if (target.key !== undefined && isReservedKey(target.key)) throw s3Error('AccessDenied');
  return { operation, target, access: requiredAccess(operation, headers), headers };
}

/** Headers that whoever signed a URL has put into its query, one character a byte like all others. */
function hoistedHeaders(query: ReadonlyMap<string, string>): HeaderField[] {
  const hoisted = [...query].filter(([name]) => isHoisted(name));
  return hoisted.map(([name, text]) => {
    const value = String.fromCharCode(...new TextEncoder().encode(text));
    if (!/^[\t -~\u0080-\u00ff]*$/.test(value)) {
      const message = 'A header cannot have that value.';
      throw s3Error('InvalidArgument', { message, ArgumentName: name, ArgumentValue: text });
    }
    return [name.toLowerCase(), value];
  });
}

function isHoisted(name: string): boolean {
  return /^x-amz-/i.test(name) && !signatureParameters.has(name);
}

function checkQuery(operation: Operation, query: ReadonlyMap<string, string>): void {
  // Without a signature in the query nothing else in it is a header, and nobody would look at it as one.
  const isPresigned = query.has('X-Amz-Signature') || query.has('X-Amz-Credential');
  const selectors = operation.selectors.map((selector) => selector.split('=')[0]);
  for (const [name, value] of query) {
    if (signatureParameters.has(name) || selectors.includes(name) || operation.query.includes(name)) continue;
    if (isPresigned && isHoisted(name)) continue;
    // The name of the operation, which the SDKs write: if it is another's, the client means another.
    if (name === 'x-id' && value === operation.name) continue;
    throw s3Error('NotImplemented', { ArgumentName: name });
  }
}

function strayCopySource(value: string): Error {
  return s3Error('InvalidArgument', {
    message: 'You can only specify a copy source header for copy requests.',
    ArgumentName: 'x-amz-copy-source',
    ArgumentValue: value,
  });
}
