import { SealpartError } from '../../errors.ts';
import { S3Error } from '../../s3-protocol/errors/s3-error.ts';
import { redactText } from './redact-text.ts';

/** An error as it stands in a log. */
export interface ErrorDescription {
  readonly type: string;
  readonly code?: string;
  readonly message: string;
  /** Of errors that nobody foresaw. */
  readonly stack?: string;
  readonly cause?: ErrorDescription;
}

/** Causes are few: the depth keeps a ring of them from being followed for ever. */
const deepest = 6;

/** What a log is told of an error and its causes, without what looks like a credential. */
export function describeError(error: unknown, depth = 0): ErrorDescription {
  if (!(error instanceof Error)) return { type: typeof error, message: redactText(String(error)) };
  const { code } = error as { readonly code?: unknown };
  const isForeseen = error instanceof SealpartError || error instanceof S3Error || typeof code === 'string';
  return {
    type: error.name,
    ...(typeof code === 'string' ? { code } : {}),
    message: redactText(error.message),
    ...(isForeseen || error.stack === undefined ? {} : { stack: redactText(error.stack) }),
    ...(error.cause === undefined || depth === deepest ? {} : { cause: describeError(error.cause, depth + 1) }),
  };
}

/** The error itself and those that it came from, outermost first. */
export function* causesOf(error: unknown): Generator<unknown> {
  let next = error;
  for (let depth = 0; depth <= deepest && next !== undefined; depth++) {
    yield next;
    next = next instanceof Error ? next.cause : undefined;
  }
}
