import { RequestError } from './http/request-error.ts';
import { RefusedAnswer } from './signed/refused-answer.ts';

/** How one attempt at a request failed: what the store answered, or why there was no answer. */
export interface Failure {
  /** The HTTP status of the answer; undefined if there was none. */
  readonly status?: number;
  /** S3's word for the error, or the network's; what was wrong with the answer otherwise. */
  readonly code: string;
  /** The store's own words, on one line and of bounded length; may be empty. */
  readonly message: string;
  readonly requestId?: string;
  /** Headers of the answer, with names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The region or the endpoint that an answer names in its body. */
  readonly region?: string;
  readonly endpoint?: string;
  /** True if the connection failed before the whole request had left: the store cannot have done it. */
  readonly isUnsent?: boolean;
  /** What the network failed with. Never the error of an answer: that one may hold headers of the request. */
  readonly cause?: unknown;
}

/** The code of an answer that was cut off, or is no XML, or does not say what it must. */
export const unreadableAnswer = 'UnreadableAnswer';
/** The code of an answer whose checksum is not that of what was sent. */
export const checksumDiffers = 'ChecksumDiffers';
/** The code of a request that was given no bytes for too long. */
export const timeoutCode = 'TimeoutError';

/** The longest text of a store that a message repeats, in characters. */
const shownChars = 300;

/** What an error says, or undefined if it comes from neither the store nor the network: a bug. */
export function readFailure(error: unknown): Failure | undefined {
  if (error instanceof RefusedAnswer) return error.failure;
  return error instanceof Error ? networkFailure(error) : undefined;
}

/** Codes that the system, TLS and the HTTP parser give: all but the errors of a program that is wrong. */
const networkCode =
  /^(?:E[A-Z0-9_]{2,}|HPE_[A-Z_]+|CERT_[A-Z_]+|UNABLE_TO_[A-Z_]+|SELF_SIGNED_[A-Z_]+|DEPTH_ZERO_[A-Z_]+|UND_ERR_[A-Z_]+)$/;
const programCode = /^ERR_(?!SSL|TLS|STREAM_PREMATURE_CLOSE|STREAM_DESTROYED|HTTP2|SOCKET|INVALID_HTTP)/;

function networkFailure(error: Error): Failure | undefined {
  if (error instanceof RequestError) {
    const code = error.name === 'TimeoutError' ? timeoutCode : error.code;
    const isUnsent = error.stage === 'connecting' || error.stage === 'sending';
    return { code, message: oneLine(error.message), headers: {}, isUnsent, cause: error };
  }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const isTimeout = error.name === 'TimeoutError' || code === 'ETIMEDOUT';
  const isNetwork = isTimeout || (code !== undefined && networkCode.test(code) && !programCode.test(code));
  if (!isNetwork && !/^(?:socket hang up|aborted|terminated)$/.test(error.message)) return undefined;
  // The error for several addresses that were tried has no text of its own.
  const inner = error instanceof AggregateError ? error.errors.find((one) => one instanceof Error) : undefined;
  const message = oneLine(error.message || inner?.message || '');
  return { code: isTimeout ? timeoutCode : (code ?? 'ECONNRESET'), message, headers: {}, cause: error };
}

/** A text of the store's as messages show it. */
export function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a store's text may hold any.
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim();
  return line.length > shownChars ? `${line.slice(0, shownChars)}…` : line;
}
