import type { ProxiedRequest } from './proxied-request.ts';
import type { S3Operation } from './s3-operation.ts';

/** What a request must be like; everything that is given must hold. */
export interface RequestMatch {
  readonly operation?: S3Operation | readonly S3Operation[];
  readonly method?: string;
  readonly bucket?: string;
  readonly key?: string;
  readonly partNumber?: number;
  /** Parameters that must have these values. */
  readonly query?: Readonly<Record<string, string>>;
  /** Any other condition; not for a proxy in a process of its own. */
  readonly where?: (request: ProxiedRequest) => boolean;
}

/**
 * A moment of an exchange: before anything was forwarded; when `afterBytes` of the request's body (0 unless told) were;
 * when the store has answered in full, and nothing of it has reached the client; when `afterBytes` of the answer's body
 * have.
 */
export type Moment = 'start' | 'request' | 'answered' | 'answer';

/** Changes of a body, in this order. */
export interface BodyChange {
  /** Something else altogether. */
  readonly set?: string;
  /** Every occurrence of the first by the second. */
  readonly replace?: readonly (readonly [string, string])[];
  /** Bits to flip, counted from the start; those behind the end are not there. */
  readonly flipBits?: readonly number[];
  readonly truncateTo?: number;
  readonly append?: string;
}

/** New values; null removes the header. Names are lower case. */
export type HeaderChange = Readonly<Record<string, string | null>>;

/** Answers in the store's place. */
export interface AnswerAction {
  readonly do: 'answer';
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Makes S3's error document of it, with this code. */
  readonly code?: string;
  readonly message?: string;
  readonly body?: string;
  /** How much of the request's body is read before: 0 unless told, `all` for all of it. */
  readonly afterRequestBytes?: number | 'all';
  /** How long the rest of the body is read after the answer, before the connection is destroyed; to its end unless told. */
  readonly readOnMs?: number;
  /** The store gets the whole request and does what it is asked; only its answer is thrown away. */
  readonly forward?: boolean;
}

/** Ends the connection: by a reset, or in good order as a peer that closes too early. */
export interface ResetAction {
  readonly do: 'reset';
  readonly at: Moment;
  readonly afterBytes?: number;
  /** `reset` unless told. */
  readonly how?: 'reset' | 'close';
}

/** Leaves the connection open and moves nothing in either direction, for ever unless told. */
export interface StallAction {
  readonly do: 'stall';
  readonly at: Moment;
  readonly afterBytes?: number;
  readonly forMs?: number;
}

/** Bytes a second, of bodies. */
export interface SlowAction {
  readonly do: 'slow';
  readonly request?: number;
  readonly answer?: number;
}

/** Changes what the store has answered. */
export interface AlterAnswerAction {
  readonly do: 'alterAnswer';
  readonly status?: number;
  readonly headers?: HeaderChange;
  readonly body?: BodyChange;
  /** `actual`: Content-Length follows the body (unless told); `announced`: it stays, and the connection ends after less. */
  readonly length?: 'actual' | 'announced';
}

/** Changes what the client has sent. */
export interface AlterRequestAction {
  readonly do: 'alterRequest';
  readonly headers?: HeaderChange;
  readonly body?: BodyChange;
  /** Signs the request again, with the proxy's credentials, so that the store cannot tell. */
  readonly sign?: boolean;
}

/** As S3 does while it completes an upload: 200 at once and blanks, then nothing good. */
export interface BlanksAction {
  readonly do: 'blanks';
  readonly count: number;
  readonly intervalMs?: number;
  /** `end`: the body ends there; `answer`: the store's document follows. */
  readonly ending: 'reset' | 'end' | 'answer';
  /** False: the store never hears of the request. */
  readonly forward?: boolean;
}

/** Sends the request to the store twice, one after the other. */
export interface DuplicateAction {
  readonly do: 'duplicate';
  /** Which answer the client gets: the second unless told. */
  readonly deliver?: 'first' | 'second';
  readonly delayMs?: number;
}

export type FaultAction =
  | AlterAnswerAction
  | AlterRequestAction
  | AnswerAction
  | BlanksAction
  | DuplicateAction
  | ResetAction
  | SlowAction
  | StallAction;

export interface FaultRule {
  /** What the log calls it. */
  readonly name?: string;
  /** Every request unless told. */
  readonly match?: RequestMatch;
  /** The first matching request that it is done to, counted from 1, which is the default. */
  readonly nth?: number;
  /** To how many it is done; 1 unless told. */
  readonly times?: number | 'always';
  readonly action: FaultAction;
}

export interface RuleCounts {
  /** Requests that matched. */
  readonly matched: number;
  /** Requests that the rule was applied to. */
  readonly hit: number;
  /** How often the fault really came to pass: a reset after a mebibyte never does on a shorter body. */
  readonly reached: number;
}

/** A rule that is in force, and its counters. */
export class ArmedRule {
  readonly rule: FaultRule;
  readonly counts = { matched: 0, hit: 0, reached: 0 };

  constructor(rule: FaultRule) {
    this.rule = rule;
  }

  /** Counts the request, and says whether the rule is to be applied to it. */
  claims(request: ProxiedRequest): boolean {
    const { match = {}, nth = 1, times = 1 } = this.rule;
    if (!matches(match, request)) return false;
    this.counts.matched += 1;
    const last = times === 'always' ? Number.POSITIVE_INFINITY : nth + times - 1;
    return this.counts.matched >= nth && this.counts.matched <= last;
  }
}

function matches(match: RequestMatch, request: ProxiedRequest): boolean {
  const operations = match.operation === undefined ? undefined : [match.operation].flat();
  return (
    (operations === undefined || operations.includes(request.operation)) &&
    (match.method === undefined || match.method === request.method) &&
    (match.bucket === undefined || match.bucket === request.bucket) &&
    (match.key === undefined || match.key === request.key) &&
    (match.partNumber === undefined || String(match.partNumber) === request.query.partNumber) &&
    Object.entries(match.query ?? {}).every(([name, value]) => request.query[name] === value) &&
    (match.where === undefined || match.where(request))
  );
}
