import { SealpartError } from '../../errors.ts';
import { untilAborted } from '../../flow/until-aborted.ts';
import type { BucketStore } from '../../objects/bucket-store.ts';
import { s3Error } from '../../s3-protocol/errors/s3-error.ts';
import type { Route } from '../../s3-protocol/routes/route-request.ts';
import { type HeaderField, headerValues } from '../../s3-protocol/signature/raw-request.ts';
import { type CorsRule, readCorsConfiguration } from '../../s3-protocol/xml/read-cors.ts';
import type { GatewayAnswer } from '../http/gateway-answer.ts';
import { type CorsRequest, corsHeaders, matchCors } from './match-cors.ts';
import { readPreflight } from './read-preflight.ts';

/** How long the rules of a bucket are believed without asking again. */
const freshMs = 30_000;
/** How long a store may take to tell them. */
const questionLimitMs = 30_000;
/** Buckets whose rules are remembered. */
const mostBuckets = 1000;

interface KnownRules {
  readonly rules: Promise<readonly CorsRule[]>;
  readonly untilMs: number;
}

/** What pages in browsers may ask of buckets, as the buckets' own configurations say. */
export class CorsRules {
  readonly #store: BucketStore;
  readonly #clock: () => number;
  readonly #onTrouble: (what: string, error: unknown) => void;
  readonly #known = new Map<string, KnownRules>();

  /** @param onTrouble told where rules could not be read for an answer that goes out without them */
  constructor(store: BucketStore, clock: () => number, onTrouble: (what: string, error: unknown) => void) {
    this.#store = store;
    this.#clock = clock;
    this.#onTrouble = onTrouble;
  }

  /**
   * The answer to a browser that asks before it asks.
   *
   * @throws S3Error BadRequest for what is no such question, AccessForbidden
   */
  async preflight({ target, headers }: Route, signal: AbortSignal): Promise<GatewayAnswer> {
    const request = readPreflight(headers);
    const rules = await this.#rulesOf(target.bucket!, signal);
    const rule = matchCors(rules, request);
    if (rule === undefined) {
      const message =
        rules.length === 0
          ? 'CORSResponse: CORS is not enabled for this bucket.'
          : "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.";
      throw s3Error('AccessForbidden', { message, Method: request.method, ResourceType: 'BUCKET' });
    }
    const answer = corsHeaders(rule, request);
    if (request.headers.length > 0) answer.push(['Access-Control-Allow-Headers', request.headers.join(', ')]);
    if (rule.maxAgeSeconds !== undefined) answer.push(['Access-Control-Max-Age', `${rule.maxAgeSeconds}`]);
    return { status: 200, headers: answer };
  }

  /** What an answer says to the page that asked for it; nothing for other clients. Never fails the answer. */
  async headersFor({ operation, target, headers }: Route, signal: AbortSignal): Promise<readonly HeaderField[]> {
    const { bucket } = target;
    if (bucket === undefined) return [];
    if (operation.name === 'PutBucketCors' || operation.name === 'DeleteBucketCors') this.#known.delete(bucket);
    const origin = one(headers, 'origin');
    if (origin === undefined) return [];
    try {
      const request: CorsRequest = { origin, method: operation.method, headers: [] };
      const rule = matchCors(await this.#rulesOf(bucket, signal), request);
      return rule === undefined ? [] : corsHeaders(rule, request);
    } catch (error) {
      // The page is not told that it may read the answer: that is the safe side, and the answer itself is right.
      if (signal.aborted) throw error;
      const isGone = error instanceof SealpartError && error.missing === 'bucket';
      if (!isGone) this.#onTrouble(`the CORS rules of ${bucket} could not be read`, error);
      return [];
    }
  }

  async #rulesOf(bucket: string, signal: AbortSignal): Promise<readonly CorsRule[]> {
    const known = this.#known.get(bucket);
    if (known !== undefined && known.untilMs > this.#clock()) return untilAborted(known.rules, signal);
    // Not by the signal of who asks first: others wait for the same answer.
    const rules = this.#read(bucket, AbortSignal.timeout(questionLimitMs));
    this.#known.delete(bucket);
    const [oldest] = this.#known.keys();
    if (this.#known.size >= mostBuckets && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(bucket, { rules, untilMs: this.#clock() + freshMs });
    try {
      return await untilAborted(rules, signal);
    } catch (error) {
      this.#known.delete(bucket);
      throw error;
    }
  }

  async #read(bucket: string, signal: AbortSignal): Promise<readonly CorsRule[]> {
    const request = {
      operation: 'GetBucketCors',
      method: 'GET',
      bucket,
      query: new Map([['cors', '']]),
      headers: {},
      body: new Uint8Array(0),
    };
    try {
      return readCorsConfiguration((await this.#store.ask(request, signal)).body);
    } catch (error) {
      const isNone = error instanceof SealpartError && error.code !== 'aborted' && error.missing !== 'bucket';
      const isUnknown = isNone && (error.said === 'NoSuchCORSConfiguration' || error.said === 'NotImplemented');
      if (isUnknown) return [];
      throw error;
    }
  }
}

function one(headers: readonly HeaderField[], name: string): string | undefined {
  return headerValues({ headers }, name)[0]?.trim() || undefined;
}
