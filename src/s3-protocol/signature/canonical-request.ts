import { canonicalPath, canonicalQuery } from './canonical-uri.ts';
import type { HeaderField } from './raw-request.ts';

/** What a canonical request is made of. Strings hold one character a byte. */
export interface CanonicalParts {
  readonly method: string;
  /** The path as it stood on the wire. */
  readonly path: string;
  /** Decoded parameters. */
  readonly parameters: readonly (readonly [name: string, value: string])[];
  readonly headers: readonly HeaderField[];
  readonly signedHeaders: readonly string[];
  readonly payloadHash: string;
}

/** Values that are keys themselves: an error that shows what was signed does not show them. */
const secretHeader = /^(x-amz-(?:copy-source-)?server-side-encryption-customer-key|x-amz-security-token):.*$/gm;

/**
 * The texts that a client may have signed for this request; one of them if there is no doubt. S3 decodes a path and
 * encodes it again. Most signers take the path as they send it, which differs if they leave `!` or `+` as it is, or
 * write `%2F`; both say the same of the same key.
 *
 * @returns undefined if a signed header did not come.
 */
export function canonicalRequests(parts: CanonicalParts): readonly string[] | undefined {
  const headers = canonicalHeaders(parts.headers, parts.signedHeaders);
  if (headers === undefined) return undefined;
  const query = canonicalQuery(parts.parameters);
  const rest = `${query}\n${headers}\n${parts.signedHeaders.join(';')}\n${parts.payloadHash}`;
  return [...new Set([canonicalPath(parts.path), parts.path])].map((path) => `${parts.method}\n${path}\n${rest}`);
}

/** A canonical request as it may be shown to who sent it, and be logged. */
export function withoutSecrets(canonicalRequest: string): string {
  return canonicalRequest.replace(secretHeader, '$1:(not shown)');
}

function canonicalHeaders(headers: readonly HeaderField[], signedHeaders: readonly string[]): string | undefined {
  const values = new Map<string, string>();
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    const before = values.get(lower);
    values.set(lower, before === undefined ? collapseSpaces(value) : `${before},${collapseSpaces(value)}`);
  }
  let text = '';
  for (const name of signedHeaders) {
    const value = values.get(name);
    if (value === undefined) return undefined;
    text += `${name}:${value}\n`;
  }
  return text;
}

/** Without spaces at the ends, and with one where there were several. Nothing else counts as a space. */
function collapseSpaces(value: string): string {
  return value.replace(/[ \t]+/g, ' ').replace(/^ | $/g, '');
}
