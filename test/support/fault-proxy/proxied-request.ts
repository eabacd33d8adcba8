import type { S3Operation } from './s3-operation.ts';

/** How an exchange ended; `running` while it has not. */
export type ExchangeEnd =
  | 'running'
  /** The client got a whole answer. */
  | 'answered'
  /** The proxy broke it off, by a rule. */
  | 'broken'
  | 'client-gone'
  | 'store-gone'
  /** The proxy could not do what a rule says. */
  | 'failed';

/** A request that came to the proxy, as JSON has it too. Times are milliseconds since 1970. */
export interface ProxiedRequest {
  /** Counted from 1 in the order in which requests came. */
  readonly seq: number;
  /** Counted from 1: requests of one connection have one number. */
  readonly connection: number;
  readonly method: string;
  /** Path and query as they were received. */
  readonly target: string;
  readonly operation: S3Operation;
  readonly bucket: string;
  readonly key: string;
  readonly query: Readonly<Record<string, string>>;
  /** By lower-case name, without what is secret: no signature, no session token. */
  readonly headers: Readonly<Record<string, string>>;
  readonly startedMs: number;
  endedMs?: number;
  end: ExchangeEnd;
  /** What ended it too early, if that was no rule. */
  why?: string;
  /** Bytes of the body that came from the client. */
  requestBytes: number;
  /** Of those, the ones that went to the store. */
  forwardedBytes: number;
  /** True if the client sent all of its body. */
  requestWhole: boolean;
  /** What the store said, if it was asked and did. */
  storeStatus?: number;
  /** What the client was told, if it was. */
  status?: number;
  /** Headers of the client's answer, by lower-case name. */
  answerHeaders?: Readonly<Record<string, string>>;
  /** Bytes of the answer's body that went to the client. */
  answerBytes: number;
  /** The rule that was applied. */
  rule?: string;
  /** Body bytes as they came, in base64, if the proxy keeps bodies. */
  body?: string;
}

/** What was sent for one part, in the order in which it was. */
export interface SentPart {
  readonly bytes: number;
  /** True if the store took it, whatever the client was told. */
  readonly stored: boolean;
}

/** Every sending of every part of an upload, or of all uploads: the evidence of what was sent again. */
export function sentParts(log: readonly ProxiedRequest[], uploadId?: string): Map<number, SentPart[]> {
  const parts = new Map<number, SentPart[]>();
  for (const { operation, query, requestBytes, storeStatus } of log) {
    if (operation !== 'UploadPart' || (uploadId !== undefined && query.uploadId !== uploadId)) continue;
    const partNumber = Number(query.partNumber);
    const sent = parts.get(partNumber) ?? [];
    sent.push({ bytes: requestBytes, stored: storeStatus === 200 });
    parts.set(partNumber, sent);
  }
  return parts;
}

const secret = ['authorization', 'x-amz-security-token', 'cookie'];

export function withoutSecrets(headers: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => !secret.includes(name)));
}
