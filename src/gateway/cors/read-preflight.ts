import { s3Error } from '../../s3-protocol/errors/s3-error.ts';
import { type HeaderField, headerValues } from '../../s3-protocol/signature/raw-request.ts';
import type { CorsRequest } from './match-cors.ts';

/** What rules can allow, and so what can be asked for. */
const methods: ReadonlySet<string> = new Set(['DELETE', 'GET', 'HEAD', 'POST', 'PUT']);
const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * What a browser asks before it asks.
 *
 * @throws S3Error BadRequest for what is no such question
 */
export function readPreflight(headers: readonly HeaderField[]): CorsRequest {
  const origin = first(headers, 'origin');
  if (origin === undefined) {
    throw s3Error('BadRequest', { message: 'Insufficient information. Origin request header needed.' });
  }
  const method = first(headers, 'access-control-request-method');
  if (method === undefined || !methods.has(method)) {
    throw s3Error('BadRequest', { message: `Invalid Access-Control-Request-Method: ${textOf(method ?? 'null')}` });
  }
  return { origin, method, headers: readNames(first(headers, 'access-control-request-headers') ?? '') };
}

function readNames(text: string): string[] {
  const pieces = text.split(',').filter((piece) => piece.trim() !== '');
  for (const piece of pieces) {
    if (headerName.test(piece.trim())) continue;
    const message = `Access-Control-Request-Headers "${textOf(piece)}" contains invalid character.`;
    throw s3Error('BadRequest', { message });
  }
  return pieces.map((piece) => piece.trim().toLowerCase());
}

/** The text that a header's bytes are, as clients write it. */
function textOf(value: string): string {
  return Buffer.from(value, 'latin1').toString('utf8');
}

function first(headers: readonly HeaderField[], name: string): string | undefined {
  return headerValues({ headers }, name)[0]?.trim() || undefined;
}
