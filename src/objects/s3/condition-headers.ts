import type { WriteCondition } from '../object-store.ts';
import { quotedEtag } from './etag.ts';

/** The headers of a write that happens on a condition only. */
export function conditionHeaders({ ifNoneMatch, ifMatch }: WriteCondition): Record<string, string> {
  const headers: Record<string, string> = {};
  if (ifNoneMatch !== undefined) headers['if-none-match'] = ifNoneMatch;
  if (ifMatch !== undefined) headers['if-match'] = quotedEtag(ifMatch);
  return headers;
}
