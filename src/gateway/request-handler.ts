import { SealpartError } from '../errors.ts';
import { errorDocument, xmlMediaType } from '../s3-protocol/errors/error-document.ts';
import type { S3Error } from '../s3-protocol/errors/s3-error.ts';
import { s3Error } from '../s3-protocol/errors/s3-error.ts';
import { toS3Error } from '../s3-protocol/errors/to-s3-error.ts';
import { preflightOperation } from '../s3-protocol/routes/find-operation.ts';
import { type Route, routeRequest } from '../s3-protocol/routes/route-request.ts';
import { type HeaderField, headerValues } from '../s3-protocol/signature/raw-request.ts';
import type { Verified } from '../s3-protocol/signature/verify-signature.ts';
import type { AccessKeys } from './access/access-keys.ts';
import { authenticate } from './authenticate.ts';
import { authorize } from './authorize.ts';
import type { CorsRules } from './cors/cors-rules.ts';
import type { GatewayGround } from './gateway-ground.ts';
import type { GatewayAnswer, GatewayHandler } from './http/gateway-answer.ts';
import type { GatewayRequest } from './http/gateway-request.ts';
import type { OperationCall, OperationHandler } from './operation-call.ts';
import type { RequestFacts, RequestFactsBook } from './request-facts.ts';

export interface RequestHandlerParts {
  readonly ground: GatewayGround;
  readonly accessKeys: AccessKeys;
  readonly cors: CorsRules;
  readonly domains: readonly string[];
  readonly facts: RequestFactsBook;
  /** What does each operation, by the name that the model of S3's API gives it. */
  readonly operations: Readonly<Record<string, OperationHandler>>;
}

/** From a request to its answer: who asks, what for, whether it may, and then the operation. */
export class RequestHandler implements GatewayHandler<GatewayRequest> {
  readonly #parts: RequestHandlerParts;

  constructor(parts: RequestHandlerParts) {
    this.#parts = parts;
  }

  async handle(request: GatewayRequest, signal: AbortSignal): Promise<GatewayAnswer> {
    const { ground, accessKeys, domains, cors } = this.#parts;
    const facts = this.#parts.facts.of(request);
    let route: Route | undefined;
    try {
      if (request.method === 'OPTIONS') {
        route = routeRequest(request, { domains });
        note(facts, route);
        if (route.operation === preflightOperation) return await cors.preflight(route, signal);
      }
      const verified = authenticate(request, { accessKeys, region: ground.region, clock: () => ground.clock() });
      facts.accessKeyId = verified?.accessKeyId;
      route ??= routeRequest(request, { domains });
      note(facts, route);
      const answer = await this.#carryOut(request, route, verified, signal);
      return await this.#withCors(answer, route, signal);
    } catch (error) {
      throw told(error, route, facts);
    }
  }

  async #carryOut(
    request: GatewayRequest,
    route: Route,
    verified: Verified | undefined,
    signal: AbortSignal,
  ): Promise<GatewayAnswer> {
    const { ground, accessKeys, operations } = this.#parts;
    const id = verified?.accessKeyId;
    authorize(route, id, accessKeys, ground.owner.id);
    const operation = operations[route.operation.name];
    if (operation === undefined) throw s3Error('NotImplemented');
    const { bucket = '', key = '' } = route.target;
    const call: OperationCall = {
      ground,
      request,
      route,
      verified,
      bucket,
      key,
      allows: (need, inBucket, ofKey) => accessKeys.allows(id, need, inBucket, ofKey),
      allowsListing: (inBucket, prefix) => accessKeys.allowsListing(id, inBucket, prefix),
      seesBucket: (name) => accessKeys.visibleBucket(id, name),
    };
    return operation(call, signal);
  }

  async #withCors(answer: GatewayAnswer, route: Route, signal: AbortSignal): Promise<GatewayAnswer> {
    try {
      const headers = await this.#parts.cors.headersFor(route, signal);
      return headers.length === 0 ? answer : { ...answer, headers: [...answer.headers, ...headers] };
    } catch (error) {
      // Nobody gets the answer: what it holds is let go of.
      if (answer.body !== undefined && !(answer.body instanceof Uint8Array)) await answer.body.close();
      throw error;
    }
  }

  refuse(error: unknown, request: GatewayRequest | undefined): GatewayAnswer {
    const told = toS3Error(error);
    if (request !== undefined) this.#parts.facts.of(request).refusal = { told, cause: error };
    const headers: HeaderField[] = [...headersOf(told)];
    if (told.status === 304 || request?.method === 'HEAD') return { status: told.status, headers };
    const document = errorDocument(told, request);
    headers.push(['Content-Type', xmlMediaType]);
    return { status: told.status, headers, body: Buffer.from(document, 'utf8') };
  }
}

function note(facts: RequestFacts, { operation, target }: Route): void {
  facts.operation = operation.name;
  facts.bucket = target.bucket;
  facts.key = target.key;
}

/** What a client should wait before it tries again, in seconds. */
const retryAfterSeconds = '1';

function headersOf({ code, status, fields }: S3Error): HeaderField[] {
  const headers: HeaderField[] = [];
  if (status === 503) headers.push(['Retry-After', retryAfterSeconds]);
  if (code === 'InvalidRange' && fields.ActualObjectSize !== undefined) {
    headers.push(['Content-Range', `bytes */${fields.ActualObjectSize}`]);
  }
  if (code === 'MethodNotAllowed' && fields.Method !== undefined)
    headers.push(['Allow', 'GET, HEAD, PUT, POST, DELETE']);
  return headers;
}

/** The error as the client is told of it, with what the request was about. */
function told(error: unknown, route: Route | undefined, facts: RequestFacts): unknown {
  // Nobody is there to be told.
  if (error instanceof SealpartError && error.code === 'aborted') return error;
  const headers = route?.headers ?? [];
  const condition = ['if-match', 'if-none-match'].find((name) => headerValues({ headers }, name).length > 0);
  return toS3Error(error, {
    bucket: facts.bucket,
    key: facts.key,
    versionId: route?.target.query.get('versionId'),
    conditional: condition !== undefined,
    condition: condition === 'if-match' ? 'If-Match' : condition === undefined ? undefined : 'If-None-Match',
  });
}
