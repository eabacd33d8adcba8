import type { S3Error } from '../../s3-protocol/errors/s3-error.ts';
import { s3Error } from '../../s3-protocol/errors/s3-error.ts';
import type { HeaderField } from '../../s3-protocol/signature/raw-request.ts';

/** A request's first line and headers, as the parser let them through. */
export interface RequestHead {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly headers: readonly HeaderField[];
}

/** What is known of a request's body beforehand, and its target as a path. */
export interface Framing {
  /** Undefined for a body in chunks. */
  readonly lengthBytes: number | undefined;
  readonly target: string;
}

/** Headers of which a second would be read by somebody else than the first. */
const single = ['host', 'authorization', 'content-length', 'transfer-encoding', 'expect'] as const;
type Single = (typeof single)[number];

/**
 * Looks at what a parser leaves open, and what the next server on the way could read in another way: how long the body
 * is, whom the request is for, and who sends it. What is refused here says nothing about where it ends, so that its
 * connection has to be closed.
 */
export function checkRequest(head: RequestHead, headerCount: number): Framing | S3Error {
  if (head.headers.length > headerCount) return s3Error('RequestHeaderSectionTooLarge');
  if (head.method === 'TRACE' || head.method === 'CONNECT') {
    return s3Error('MethodNotAllowed', { Method: head.method, ResourceType: 'SERVICE' });
  }
  const found: Partial<Record<Single, string>> = {};
  for (const [name, value] of head.headers) {
    const lower = name.toLowerCase();
    const which = single.find((known) => known === lower);
    if (which !== undefined) {
      if (found[which] !== undefined) return malformed(`The header ${which} stands there more than once.`);
      found[which] = value;
    }
    // A server need not follow an offer of HTTP/2, which some clients make with every first request.
    if (lower === 'upgrade' && value.toLowerCase() !== 'h2c') return s3Error('NotImplemented', { Header: 'Upgrade' });
  }
  const isFirst = head.version === '1.0';
  if (!isFirst && head.version !== '1.1') return malformed('HTTP/1.1 is spoken here.');
  if (found.host === undefined && !isFirst) return malformed('The header host is missing.');
  const target = originForm(head, found.host);
  if (target === undefined) return s3Error('InvalidURI');
  const lengthBytes = bodyLength(found, isFirst);
  return typeof lengthBytes === 'string' ? malformed(lengthBytes) : { ...lengthBytes, target };
}

function bodyLength(found: Partial<Record<Single, string>>, isFirst: boolean): Omit<Framing, 'target'> | string {
  const coding = found['transfer-encoding'];
  const length = found['content-length'];
  if (coding !== undefined) {
    // RFC 9112 §6.3: a length beside a coding is how requests are smuggled past the one that reads the other.
    if (length !== undefined) return 'Both content-length and transfer-encoding are given.';
    if (isFirst) return 'HTTP/1.0 knows no transfer-encoding.';
    if (coding.toLowerCase() !== 'chunked') return 'The only transfer-encoding is chunked.';
    return { lengthBytes: undefined };
  }
  if (length === undefined) return { lengthBytes: 0 };
  const lengthBytes = /^\d{1,16}$/.test(length) ? Number(length) : Number.NaN;
  if (!Number.isSafeInteger(lengthBytes)) return 'The header content-length is no length.';
  return { lengthBytes };
}

/** The target as a path. Clients that take us for their proxy send a whole URL, which has to name the same host. */
function originForm({ target, method }: RequestHead, host: string | undefined): string | undefined {
  // No part of a request, and readers differ on whether what follows it is.
  if (target.includes('#')) return undefined;
  if (target.startsWith('/')) return target;
  if (target === '*' && method === 'OPTIONS') return target;
  const absolute = /^https?:\/\/([^/?]+)([/?].*)?$/i.exec(target);
  if (absolute === null || absolute[1]!.toLowerCase() !== host?.toLowerCase()) return undefined;
  const rest = absolute[2] ?? '/';
  return rest.startsWith('/') ? rest : `/${rest}`;
}

function malformed(why: string): S3Error {
  return s3Error('BadRequest', { message: `An error occurred when parsing the HTTP request. ${why}` });
}
