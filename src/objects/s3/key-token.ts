import { hash } from 'node:crypto';
import { SealpartError } from '../../errors.ts';
import type { KeyListRequest } from '../bucket-store.ts';

/** Where a listing goes on. */
export interface TokenContent {
  /** What ListObjects goes on from; it is also what keys must come after. */
  readonly marker: string;
  /** The store's own token, if it gave one. */
  readonly token?: string;
}

type Listing = Pick<KeyListRequest, 'bucket' | 'prefix' | 'delimiter'>;

/**
 * A token for the next page. The store's own stands in it beside the name of the listing that it is of: what a client
 * makes up, or takes from another listing, is refused here and not left to what a store makes of it.
 */
export function writeToken(listing: Listing, { marker, token }: TokenContent): string {
  const content = JSON.stringify(token === undefined ? [marker] : [marker, token]);
  return Buffer.from(`${checkOf(listing, content)}${content}`).toString('base64url');
}

/** @throws SealpartError `bad-parameters` (InvalidArgument) for one that is not of this listing */
export function readToken(listing: Listing, text: string): TokenContent {
  const bytes = Buffer.from(text, 'base64url');
  const decoded = bytes.toString();
  const content = decoded.slice(checkChars);
  // What is no Base64 is passed over when it is decoded.
  const isToken = bytes.toString('base64url') === text && decoded.slice(0, checkChars) === checkOf(listing, content);
  const parts = isToken ? parseParts(content) : undefined;
  if (parts === undefined) {
    const message = 'The token is none that a listing of this prefix and delimiter has given: begin it again.';
    throw new SealpartError('bad-parameters', message, { said: 'InvalidArgument' });
  }
  const [marker, token] = parts;
  return token === undefined ? { marker } : { marker, token };
}

/** The check has no key: whoever knows how it is made can put anything into a token. */
function parseParts(content: string): readonly [string, string?] | undefined {
  try {
    const parts: unknown = JSON.parse(content);
    const isList = Array.isArray(parts) && (parts.length === 1 || parts.length === 2);
    return isList && parts.every((part) => typeof part === 'string') ? (parts as [string, string?]) : undefined;
  } catch {
    return undefined;
  }
}

const checkChars = 12;

function checkOf({ bucket, prefix, delimiter = '' }: Listing, content: string): string {
  return hash('sha256', JSON.stringify([bucket, prefix, delimiter, content]), 'base64url').slice(0, checkChars);
}
