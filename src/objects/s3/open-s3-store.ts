import type { BucketStore } from '../bucket-store.ts';
import type { StoreLimits } from '../object-store.ts';
import { AdaptiveLimit } from './adaptive-limit.ts';
import { type BackoffRules, defaultBackoff } from './backoff.ts';
import { createRequestHandler } from './http/request-handler.ts';
import { makeClient, type S3Credentials } from './make-client.ts';
import { PartChecksums } from './part-checksums.ts';
import { RegionalClients } from './regional-clients.ts';
import { RetryBudget } from './retry-budget.ts';
import { S3Caller } from './s3-caller.ts';
import { S3Store } from './s3-store.ts';
import { SignedSender } from './signed/signed-sender.ts';
import { isLoopback, type LocationOptions, locateStore } from './store-location.ts';

/** What S3 of AWS takes. Sizes in bytes. */
export const defaultS3StoreLimits: StoreLimits = {
  minPartBytes: 5 * 1024 * 1024,
  maxPartBytes: 5 * 1024 * 1024 * 1024,
  maxParts: 10_000,
  equalParts: false,
  conditionalPut: true,
  conditionalComplete: true,
  checksEtags: true,
  checksums: true,
};

/** Where the store is, who asks, and how patiently. What is left out is found as the tools of AWS find it. */
export interface S3StoreOptions extends LocationOptions {
  readonly credentials?: S3Credentials | undefined;
  /** True to write the bucket into the path, not into the host; true unless told if an endpoint is given. */
  readonly forcePathStyle?: boolean | undefined;
  /** Where the store differs from S3 of AWS. */
  readonly limits?: Partial<StoreLimits> | undefined;
  /** Certificates, in PEM, of the authorities to trust in place of those that Node knows. */
  readonly ca?: string | undefined;
  readonly connectTimeoutMs?: number | undefined;
  /** How long a connection may be silent in the middle of a request or an answer. */
  readonly idleTimeoutMs?: number | undefined;
  /** How often a request is sent before its failure is told; at least 1. */
  readonly maxAttempts?: number | undefined;
  /** The most requests in flight; fewer when the store asks for fewer. */
  readonly maxRequests?: number | undefined;
  readonly backoff?: BackoffRules | undefined;
}

/** What only tests replace or look at. */
export interface S3StoreInternals {
  readonly requestHandler: ReturnType<typeof createRequestHandler>;
  readonly budget: RetryBudget;
  readonly limit: AdaptiveLimit;
  readonly random: () => number;
}

const defaultMaxAttempts = 8;
const defaultMaxRequests = 64;
/** Bodies hold their connections while they are read, beside the requests that are in flight. */
const maxOpenBodies = 64;
const defaultConnectTimeoutMs = 10_000;
const defaultIdleTimeoutMs = 60_000;

/**
 * Opens a store that speaks S3: finds out where it is and whether there are credentials for it. It sends nothing to the
 * store yet.
 *
 * @throws SealpartError `bad-parameters` if it is not told where the store is, `denied` if there are no credentials,
 *   `aborted`
 */
export async function openS3Store(
  options: S3StoreOptions,
  signal: AbortSignal = new AbortController().signal,
  internals: Partial<S3StoreInternals> = {},
): Promise<BucketStore> {
  const { maxAttempts = defaultMaxAttempts, maxRequests = defaultMaxRequests } = options;
  const { connectTimeoutMs = defaultConnectTimeoutMs, idleTimeoutMs = defaultIdleTimeoutMs } = options;
  for (const [name, value] of Object.entries({ maxAttempts, maxRequests, connectTimeoutMs, idleTimeoutMs })) {
    if (!Number.isInteger(value) || value < 1)
      throw new RangeError(`${name} must be a whole number over 0, got ${value}`);
  }
  const location = await locateStore(options);
  const { name, region, endpoint } = location;
  const { forcePathStyle = endpoint !== undefined, credentials, profile, ca } = options;
  const requestHandler =
    internals.requestHandler ??
    createRequestHandler({
      connectTimeoutMs,
      idleTimeoutMs,
      maxSockets: maxRequests + maxOpenBodies,
      ...(ca === undefined ? {} : { ca }),
    });
  const make = (clientRegion: string, given: S3Credentials | undefined) =>
    makeClient({ location, forcePathStyle, requestHandler, credentials: given, profile }, clientRegion);
  const home = make(region, credentials);
  // All clients share what the first one has found, and refresh it together.
  const elsewhere = (other: string) => make(other, home.config.credentials);
  const clients = new RegionalClients(home, endpoint === undefined ? elsewhere : undefined);
  const caller = new S3Caller({
    storeName: name,
    clients,
    sender: new SignedSender(requestHandler),
    budget: internals.budget ?? new RetryBudget(),
    limit: internals.limit ?? new AdaptiveLimit(maxRequests),
    backoff: options.backoff ?? defaultBackoff,
    maxAttempts,
    random: internals.random ?? Math.random,
    profile,
  });
  const release = () => {
    clients.destroy();
    requestHandler.destroy();
  };
  try {
    await caller.checkCredentials(signal);
  } catch (error) {
    release();
    throw error;
  }
  const limits = { ...defaultS3StoreLimits, ...options.limits };
  const signsPayload = endpoint?.protocol === 'http:' && !isLoopback(endpoint);
  return new S3Store(
    { name, region, limits, caller, checksums: new PartChecksums(), signsPayload, idleTimeoutMs, maxAttempts },
    release,
  );
}
