import type { RequestOptions } from 'node:https';

/** A signed request as the SDK gives it to its request handler. */
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

/** Where a request goes to and what its head says, for node:http. */
export function toRequestOptions(request: SdkRequest, bodyBytes: number): RequestOptions {
  const query = queryString(request.query ?? {});
  // Without it Node would send the body in chunks, which S3 refuses.
  const isLengthMissing = bodyBytes > 0 && headerOf(request, 'content-length') === undefined;
  return {
    method: request.method,
    // The SDK writes IPv6 addresses as URLs do, sockets want them without brackets.
    host: request.hostname.replace(/^\[(.*)\]$/, '$1'),
    ...(request.port === undefined ? {} : { port: request.port }),
    path: query === '' ? request.path : `${request.path}?${query}`,
    headers: isLengthMissing ? { ...request.headers, 'content-length': `${bodyBytes}` } : request.headers,
  };
}

/** What to call the other side in messages. */
export function peerName(request: SdkRequest): string {
  return request.port === undefined ? request.hostname : `${request.hostname}:${request.port}`;
}

/** A header's value, however its name is written. */
export function headerOf(request: SdkRequest, name: string): string | undefined {
  return Object.entries(request.headers).find(([key]) => key.toLowerCase() === name)?.[1];
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
