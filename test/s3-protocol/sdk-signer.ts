import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { HeaderField, RawRequest } from '../../src/s3-protocol/signature/raw-request.ts';
import type { SignatureRules } from '../../src/s3-protocol/signature/verify-signature.ts';

// The AWS SDK's own signer, so that what is verified here was signed by somebody else.

export const accessKeyId = 'AKIDEXAMPLE';
export const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
export const region = 'eu-central-1';
export const host = 'localhost:9440';
export const nowMs: number = Date.UTC(2026, 8, 30, 12, 0, 0);

export const rules: SignatureRules = {
  findSecret: (id) => (id === accessKeyId ? secretAccessKey : undefined),
  regions: [region],
};

/** A request before it is signed. Header names in lower case; the query decoded. */
export interface PlainRequest {
  readonly method?: string;
  /** Encoded, as it goes over the wire. */
  readonly path?: string;
  readonly query?: Readonly<Record<string, string | string[]>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface SigningOptions {
  readonly secret?: string;
  readonly accessKeyId?: string;
  readonly region?: string;
  readonly service?: string;
  readonly atMs?: number;
  readonly expiresSeconds?: number;
}

export const emptySha256: string = createHash('sha256').digest('hex');

/** Signs in the Authorization header. Without an x-amz-content-sha256 header it is that of an empty body. */
export async function signedByHeader(request: PlainRequest, options: SigningOptions = {}): Promise<RawRequest> {
  const headers = { host, 'x-amz-content-sha256': emptySha256, ...request.headers };
  const signed = await signer(options).sign(sdkRequest(request, headers), { signingDate: signingDate(options) });
  return rawRequest(request, Object.entries(signed.headers), request.query ?? {});
}

/** Signs in the URL, as the S3 client's presigner does: x-amz- headers move into it, all others are signed. */
export async function signedByQuery(request: PlainRequest, options: SigningOptions = {}): Promise<RawRequest> {
  const headers = { host, 'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD', ...request.headers };
  const signed = await signer(options).presign(sdkRequest(request, headers), {
    signingDate: signingDate(options),
    expiresIn: options.expiresSeconds ?? 900,
  });
  return rawRequest(request, Object.entries(signed.headers), signed.query as Record<string, string | string[]>);
}

/** A query as the SDK writes it on the wire. */
export function writeQuery(query: Readonly<Record<string, string | readonly string[]>>): string {
  return Object.entries(query)
    .flatMap(([name, values]) => [values].flat().map((value) => `${escapeUri(name)}=${escapeUri(value)}`))
    .join('&');
}

/** A text as a path or a query holds it: everything but the unreserved characters is written %XX. */
export function escapeUri(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

export function withHeaders(request: RawRequest, ...more: readonly HeaderField[]): RawRequest {
  return { ...request, headers: [...request.headers, ...more] };
}

/** The request with a header's value replaced, or without it. */
export function withHeader(
  request: RawRequest,
  name: string,
  change: (value: string) => string | undefined,
): RawRequest {
  const headers = request.headers.flatMap(([found, value]): HeaderField[] => {
    const changed = found.toLowerCase() === name ? change(value) : value;
    return changed === undefined ? [] : [[found, changed]];
  });
  return { ...request, headers };
}

/** The request with a parameter of its URL replaced, or without it. */
export function withParameter(request: RawRequest, name: string, value: string | undefined): RawRequest {
  const [path, query = ''] = request.target.split('?');
  const kept = query.split('&').filter((piece) => piece !== '' && piece.split('=')[0] !== name);
  if (value !== undefined) kept.push(`${name}=${value}`);
  return { ...request, target: `${path}?${kept.join('&')}` };
}

function signer(options: SigningOptions): SignatureV4 {
  return new SignatureV4({
    service: options.service ?? 's3',
    region: options.region ?? region,
    credentials: {
      accessKeyId: options.accessKeyId ?? accessKeyId,
      secretAccessKey: options.secret ?? secretAccessKey,
    },
    uriEscapePath: false,
    sha256: Sha256,
  });
}

function signingDate(options: SigningOptions): Date {
  return new Date(options.atMs ?? nowMs);
}

function sdkRequest(request: PlainRequest, headers: Record<string, string>): Parameters<SignatureV4['presign']>[0] {
  return {
    method: request.method ?? 'GET',
    protocol: 'http:',
    hostname: 'localhost',
    path: request.path ?? '/bucket/key',
    query: { ...request.query },
    headers,
  } as Parameters<SignatureV4['presign']>[0];
}

function rawRequest(
  { method = 'GET', path = '/bucket/key' }: PlainRequest,
  headers: HeaderField[],
  query: Readonly<Record<string, string | readonly string[]>>,
): RawRequest {
  const text = writeQuery(query);
  return {
    method,
    target: text === '' ? path : `${path}?${text}`,
    headers: headers.map(([n, v]) => [n, onTheWire(v)]),
  };
}

/** One character a byte, as node:http gives headers. */
export function onTheWire(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** The hash that the signer is given, by node:crypto. */
class Sha256 {
  #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secretBytes(secret));
  }

  update(data: Uint8Array): void {
    this.#hash.update(data);
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    this.#hash = createHash('sha256');
  }
}

function secretBytes(secret: string | ArrayBuffer | ArrayBufferView): Uint8Array | string {
  if (typeof secret === 'string') return secret;
  return secret instanceof ArrayBuffer
    ? new Uint8Array(secret)
    : new Uint8Array(secret.buffer, secret.byteOffset, secret.byteLength);
}
