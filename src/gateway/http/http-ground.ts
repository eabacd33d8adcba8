import type { GatewayHandler } from './gateway-answer.ts';
import type { GatewayRequest } from './gateway-request.ts';
import type { HttpLimits } from './http-limits.ts';

/** What became of a request. */
export interface AccessNote {
  /** Undefined for what could not be read as a request. */
  readonly request: GatewayRequest | undefined;
  readonly requestId: string;
  readonly remoteAddress: string;
  /** Of the answer; 0 if none was begun. */
  readonly status: number;
  /** Bytes of the two bodies, as far as they came and went. */
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly durationMs: number;
  /** `sent` whole; `gone`: the client went first; `broken`: what was to be sent failed, and the connection was destroyed. */
  readonly outcome: 'sent' | 'gone' | 'broken';
  /** What broke the answer after it had begun. */
  readonly failure?: unknown;
}

/** What has happened to a server so far. */
export interface HttpCounters {
  requests: number;
  /** Connections that were turned away, because all others were busy. */
  turnedAway: number;
  /** Idle connections that made room for new ones. */
  madeRoom: number;
  /** What could not be read as a request, or not safely. */
  malformed: number;
  handshakesFailed: number;
  bodiesTimedOut: number;
  readersTimedOut: number;
  evicted: number;
  clientsGone: number;
  broken: number;
  /** Requests behind a refused one, which were not looked at. */
  dropped: number;
}

/** What the connections of a server share. */
export interface HttpGround {
  readonly handler: GatewayHandler<GatewayRequest>;
  readonly limits: HttpLimits;
  readonly hostId: string;
  readonly counters: HttpCounters;
  readonly onAccess: (note: AccessNote) => void;
  /** Told of what went wrong and is nobody's answer: a body that could not be closed. */
  readonly onFault: (error: unknown) => void;
  /** True from the moment the server is asked to close. */
  isClosing(): boolean;
}
