import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { buffer } from 'node:stream/consumers';

export interface PlainRequest {
  readonly method?: string;
  readonly body?: Uint8Array;
  readonly caFile?: string | undefined;
}

export interface PlainAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** Sends a request to a URL exactly as it stands, as whoever is given a signed one does. */
export function sendPlainly(url: string, { method = 'GET', body, caFile }: PlainRequest = {}): Promise<PlainAnswer> {
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  const trust = caFile === undefined ? {} : { ca: readFileSync(caFile) };
  return new Promise((resolve, reject) => {
    const request = send(url, { method, agent: false, ...trust }, (response) => {
      buffer(response).then((bytes) => resolve({ status: response.statusCode!, body: bytes }), reject);
    });
    request.once('error', reject);
    if (body) request.setHeader('Content-Length', body.length);
    request.end(body);
  });
}
