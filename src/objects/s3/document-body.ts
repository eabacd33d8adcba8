import { hash } from 'node:crypto';
import { WireBody } from './http/wire-body.ts';
import type { StoreRequest } from './signed/signed-sender.ts';

/** What a request says that has a document for a body. */
export function documentBody(text: string): Required<Pick<StoreRequest, 'headers' | 'body' | 'payloadHash'>> {
  return {
    headers: { 'content-type': 'application/xml' },
    body: new WireBody([Buffer.from(text)]),
    payloadHash: hash('sha256', text),
  };
}
