import type { RequestOptions } from 'node:https';
import { isIP } from 'node:net';

/** A signed request, in the form in which the SDK gives one to its request handler. */
export interface SdkRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
  /** Escaped, and sent as it is: a key may hold `..`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Methods with which Node sends a body in chunks, even an empty one. */
const bodyMethods: ReadonlySet<string> = new Set(['PATCH', 'POST', 'PUT']);

/** Where a request goes to and what its head says, for node:http. */
export function toRequestOptions(request: SdkRequest, bodyBytes: number): RequestOptions {
  const query = queryString(request.query ?? {});
  // As a list they are written at once, and not kept one by one first.
  const headers: string[] = [];
  for (const name in request.headers) headers.push(name, request.headers[name]!);
  // Without it Node would send the body in chunks, which S3 refuses.
  const hasBody = bodyBytes > 0 || bodyMethods.has(request.method);
  if (hasBody && headerOf(request, 'content-length') === undefined) headers.push('content-length', `${bodyBytes}`);
  return {
    method: request.method,
    host: bareHost(request),
    ...(request.port === undefined ? {} : { port: request.port }),
    path: query === '' ? request.path : `${request.path}?${query}`,
    servername: request.protocol === 'https:' ? serverName(request) : '',
    headers,
  };
}

/** The name that a certificate must be for: that of the Host header. An address is looked for as what it is. */
function serverName(request: SdkRequest): string {
  const name = (headerOf(request, 'host') ?? request.hostname).replace(/:\d*$/, '');
  return name.startsWith('[') || isIP(name) !== 0 ? '' : name;
}

/** Requests have IPv6 addresses as URLs write them, sockets want them without brackets. */
function bareHost({ hostname }: SdkRequest): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}

/** What to call the other side in messages. */
export function peerName(request: SdkRequest): string {
  return request.port === undefined ? request.hostname : `${request.hostname}:${request.port}`;
}

/** A header's value, however its name is written. */
export function headerOf(request: SdkRequest, name: string): string | undefined {
  const { headers } = request;
  if (headers[name] !== undefined) return headers[name];
  for (const key in headers) if (key.length === name.length && key.toLowerCase() === name) return headers[key];
  return undefined;
}

/** As the signature has it: sorted by name, escaped by RFC 3986, names without a value alone. */
function queryString(query: NonNullable<SdkRequest['query']>): string {
  return Object.keys(query)
    .sort()
    .flatMap((name) => {
      const value = query[name];
      if (value === null || value === undefined) return [escapeUri(name)];
      return [value].flat().map((one) => `${escapeUri(name)}=${escapeUri(one)}`);
    })
    .join('&');
}

function escapeUri(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
