import type { S3Error } from '../s3-protocol/errors/s3-error.ts';
import type { GatewayRequest } from './http/gateway-request.ts';

/** What becomes known of a request while it is answered, for the log and the metrics. */
export interface RequestFacts {
  accessKeyId?: string | undefined;
  operation?: string | undefined;
  bucket?: string | undefined;
  key?: string | undefined;
  /** What the client was told, and what it was that went wrong, for us. */
  refusal?: { readonly told: S3Error; readonly cause: unknown } | undefined;
}

/** The facts of requests that are being answered. */
export class RequestFactsBook {
  readonly #facts = new WeakMap<GatewayRequest, RequestFacts>();

  /** Those of one request: to be read, and to be added to. */
  of(request: GatewayRequest): RequestFacts {
    const known = this.#facts.get(request);
    if (known !== undefined) return known;
    const facts: RequestFacts = {};
    this.#facts.set(request, facts);
    return facts;
  }
}
