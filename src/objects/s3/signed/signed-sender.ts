import type { S3Client } from '@aws-sdk/client-s3';
import type { S3RequestHandler } from '../http/request-handler.ts';
import { WireBody } from '../http/wire-body.ts';
import { withDerivedWord } from './derive-word.ts';
import { escapeKey, escapeQuery } from './escape-uri.ts';
import { type Place, Places } from './places.ts';
import { readRefusal } from './read-document.ts';
import { RefusedAnswer } from './refused-answer.ts';
import { emptyHash, type SigningIdentity, signRequest } from './sign-request.ts';
import { SigningKeys } from './signing-keys.ts';
import type { StoreAnswer } from './store-answer.ts';

/** A request to a store, before it is known where it is sent and who signs it. */
export interface StoreRequest {
  readonly method: string;
  /** Empty for the store itself. */
  readonly bucket: string;
  readonly key?: string | undefined;
  readonly query?: Readonly<Record<string, string>>;
  /** Names in lower case, values one character a byte. Those that a transfer has anyway are added. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: WireBody;
  /** SHA-256 of the body in hexadecimal, or `UNSIGNED-PAYLOAD`; must be given with a body. */
  readonly payloadHash?: string;
}

/** From this many bytes on, a body is sent only when the store has said that it wants it. */
const expectContinueBytes = 2 * 1024 * 1024;
/** Methods of which a request without a body says that it has none. */
const bodyMethods: ReadonlySet<string> = new Set(['PUT', 'POST']);

/** What a store answers who finds a signature too old or too new. */
const refusals: ReadonlySet<number> = new Set([400, 401, 403]);

const noBody = new WireBody([]);

/** Signs requests and sends each once. */
export class SignedSender {
  readonly #handler: Pick<S3RequestHandler, 'handle'>;
  readonly #places = new Places();
  readonly #keys = new SigningKeys();

  constructor(handler: Pick<S3RequestHandler, 'handle'>) {
    this.#handler = handler;
  }

  /**
   * Gives an answer of 2xx.
   *
   * @throws RefusedAnswer for any other; RequestError if there was none
   */
  async send(
    client: S3Client,
    identity: SigningIdentity,
    request: StoreRequest,
    signal: AbortSignal,
  ): Promise<StoreAnswer> {
    const { config } = client;
    const place = this.#places.known(client, request.bucket) ?? (await this.#places.find(client, request.bucket));
    const signed = this.#sign(place, identity, request, Date.now() + config.systemClockOffset);
    const { response } = await this.#handler.handle(signed, { abortSignal: signal });
    const { statusCode: status, headers, body } = response;
    const answer: StoreAnswer = { status, headers, body };
    if (status >= 200 && status < 300) return answer;
    if (refusals.has(status)) noteClock(config, headers);
    const failure = await readRefusal(answer);
    throw new RefusedAnswer(request.method === 'HEAD' ? withDerivedWord(failure, request.key !== undefined) : failure);
  }

  #sign(place: Place, identity: SigningIdentity, request: StoreRequest, nowMs: number) {
    const { method, key, query = {}, body = noBody, payloadHash = emptyHash } = request;
    const { protocol, hostname, port, host, basePath, region } = place;
    const headers: Record<string, string> = { host, 'user-agent': 'sealpart', ...request.headers };
    if (body.byteLength > 0 || bodyMethods.has(method)) headers['content-length'] = `${body.byteLength}`;
    if (body.byteLength >= expectContinueBytes) headers.expect = '100-continue';
    const path = key === undefined ? basePath || '/' : `${basePath}/${escapeKey(key)}`;
    const unsigned = { method, path, query: escapeQuery(query), headers, payloadHash };
    const signedHeaders = signRequest(unsigned, identity, region, this.#keys, nowMs);
    return {
      method,
      protocol,
      hostname,
      ...(port === undefined ? {} : { port }),
      path,
      query,
      headers: signedHeaders,
      body,
    };
  }
}

/** A clock that is off by more than this is corrected; S3 takes up to 15 minutes. */
const toleratedSkewMs = 240_000;

/** Notes what time it is for the store, where a refusal shows that it is another one than here. */
function noteClock(config: { systemClockOffset: number }, headers: Readonly<Record<string, string>>): void {
  // What a cache answers is as old as it says.
  const storeMs = headers.age === undefined ? Date.parse(headers.date ?? '') : Number.NaN;
  const isOff = Math.abs(Date.now() + config.systemClockOffset - storeMs) >= toleratedSkewMs;
  if (isOff) config.systemClockOffset = storeMs - Date.now();
}
