/** How far a request had come: `waiting` is for the head of the answer, with the whole body sent. */
export type RequestStage = 'connecting' | 'sending' | 'waiting' | 'reading';

export interface RequestErrorEvidence {
  readonly name: 'RequestError' | 'TimeoutError' | 'AbortError';
  /** A system's code where there is one (`ECONNRESET`, `ENOTFOUND`, `DEPTH_ZERO_SELF_SIGNED_CERT`). */
  readonly code: string;
  readonly stage: RequestStage;
  /**
   * True if the connection had served another request before and ended before a byte of this one's answer came: most
   * likely the peer had closed it in the meantime, and a new connection will do.
   */
  readonly staleSocket?: boolean;
  readonly cause?: unknown;
}

/**
 * A request that got no answer, or not all of it. It is named as the SDK expects of its request handlers: `TimeoutError`
 * where a limit was exceeded, `AbortError` where the caller's signal fired, `RequestError` where the connection failed.
 */
export class RequestError extends Error {
  override readonly name: string;
  readonly code: string;
  readonly stage: RequestStage;
  readonly staleSocket: boolean;

  constructor(message: string, { name, code, stage, staleSocket = false, cause }: RequestErrorEvidence) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = name;
    this.code = code;
    this.stage = stage;
    this.staleSocket = staleSocket;
  }
}

const doing: Readonly<Record<RequestStage, string>> = {
  connecting: 'connecting',
  sending: 'the request was being sent',
  waiting: 'waiting for an answer',
  reading: 'the answer was being read',
};

export function idleError(peer: string, stage: RequestStage, idleTimeoutMs: number): RequestError {
  const message = `No byte came from or went to ${peer} for ${idleTimeoutMs / 1000} s while ${doing[stage]}: try again.`;
  return new RequestError(message, { name: 'TimeoutError', code: 'ETIMEDOUT', stage });
}

export function connectTimeoutError(peer: string, connectTimeoutMs: number): RequestError {
  const message = `There was no connection to ${peer} after ${connectTimeoutMs / 1000} s: check the endpoint, or try again.`;
  return new RequestError(message, { name: 'TimeoutError', code: 'ETIMEDOUT', stage: 'connecting' });
}

export function requestAbortError(stage: RequestStage, reason: unknown): RequestError {
  return new RequestError('The request was cancelled.', {
    name: 'AbortError',
    code: 'ABORT_ERR',
    stage,
    cause: reason,
  });
}

/** No store can have stored what it was not sent, so its word is not taken. */
export function earlySuccessError(peer: string, statusCode: number): RequestError {
  const message = `${peer} answered ${statusCode} before it was sent the whole body: nothing is known to be stored, try again.`;
  return new RequestError(message, { name: 'RequestError', code: 'EARLY_ANSWER', stage: 'sending' });
}

/** Says of a connection's own error to whom, and when. */
export function connectionError(peer: string, stage: RequestStage, staleSocket: boolean, cause: unknown): RequestError {
  const { code, message } = describe(cause);
  const text = `The connection to ${peer} failed while ${doing[stage]}: ${message}.`;
  return new RequestError(text, { name: 'RequestError', code, stage, staleSocket, cause });
}

function describe(cause: unknown): { code: string; message: string } {
  if (!(cause instanceof Error)) return { code: 'ECONNRESET', message: String(cause) };
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : 'ECONNRESET';
  // Where all addresses of a host were tried in vain, Node leaves the message empty.
  return { code, message: cause.message === '' ? code : cause.message };
}
