import type { Logger } from 'pino';
import { type ErrorCode, isRefusal, SealpartError } from '../../errors.ts';
import { S3Error } from '../../s3-protocol/errors/s3-error.ts';
import { headerValues } from '../../s3-protocol/signature/raw-request.ts';
import type { AccessNote } from '../http/http-ground.ts';
import type { RequestFacts, RequestFactsBook } from '../request-facts.ts';
import { causesOf } from './describe-error.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';
import { redactTarget } from './redact-text.ts';

export interface RequestTelemetryOptions {
  /** For what went wrong. */
  readonly log: Logger;
  /** For a line a request; undefined for none. */
  readonly accessLog: Logger | undefined;
  readonly metrics: GatewayMetrics;
  readonly facts: Pick<RequestFactsBook, 'of'>;
}

const ofBackends: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['store', 'denied', 'manifest', 'kms-unavailable']);

/** What is answered because of what a client asked for, though its status says that a server failed. */
const notOurs: ReadonlySet<string> = new Set(['NotImplemented', 'SlowDown']);

/** What becomes of requests: for the access log, the log of errors and the metrics. */
export class RequestTelemetry {
  readonly #options: RequestTelemetryOptions;

  constructor(options: RequestTelemetryOptions) {
    this.#options = options;
  }

  /** A request is over: what the server calls `onAccess`. */
  over(note: AccessNote): void {
    const { accessLog, metrics } = this.#options;
    const facts = note.request === undefined ? {} : this.#options.facts.of(note.request);
    this.#failures(note, facts);
    metrics.requestOver({ ...note, operation: facts.operation ?? 'none' });
    accessLog?.info(accessLine(note, facts));
  }

  #failures({ outcome, failure, requestId }: AccessNote, { refusal }: RequestFacts): void {
    const { log } = this.#options;
    if (outcome === 'broken') {
      this.#count(failure);
      log.error({ requestId, err: failure }, 'an answer broke after it had begun');
    }
    if (refusal === undefined) return;
    const { told, cause } = refusal;
    this.#count(cause);
    const line = { requestId, code: told.code, status: told.status, err: cause };
    // What a client does wrong is its own to find; what we do is ours. One that has gone was told nothing.
    const isOurs = told.status >= 500 && !notOurs.has(told.code) && outcome !== 'gone';
    if (isOurs) log.error(line, 'a request failed');
    else log.debug(line, 'a request was refused');
  }

  #count(failure: unknown): void {
    const { metrics } = this.#options;
    for (const cause of causesOf(failure)) {
      if (!(cause instanceof SealpartError)) continue;
      if (isRefusal(cause)) metrics.integrityFailed();
      else if (ofBackends.has(cause.code)) metrics.backendFailed(cause.code);
      else continue;
      return;
    }
  }

  /** What went wrong and is nobody's answer: what the server calls `onFault`. */
  fault(error: unknown): void {
    this.#options.log.error({ err: error }, 'something went wrong beside all requests');
  }
}

function accessLine(note: AccessNote, facts: RequestFacts): Readonly<Record<string, unknown>> {
  const { request, failure } = note;
  return {
    requestId: note.requestId,
    remote: note.remoteAddress,
    accessKeyId: facts.accessKeyId,
    operation: facts.operation,
    bucket: facts.bucket,
    key: facts.key,
    method: request?.method,
    target: request === undefined ? undefined : redactTarget(request.target),
    status: note.status,
    error: facts.refusal?.told.code ?? (failure instanceof S3Error ? failure.code : undefined),
    outcome: note.outcome,
    receivedBytes: note.receivedBytes,
    sentBytes: note.sentBytes,
    ms: Math.round(note.durationMs * 10) / 10,
    agent: request === undefined ? undefined : headerValues(request, 'user-agent')[0],
  };
}
