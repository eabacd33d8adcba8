import { SealpartError } from '../errors.ts';
import { openDirectoryStore } from '../objects/directory/open-directory-store.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { openFileSource } from '../sources/file-source.ts';
import type { CliContext, Environment } from './cli-context.ts';
import type { StoreLocation } from './parse-store-url.ts';
import { type LimitFlags, limitsOf, refuseStrayStoreFlags, type StoreFlags } from './store-flags.ts';
import { UsageError } from './usage-error.ts';

/** How a store is opened. */
export interface StoreAccess {
  readonly flags: StoreFlags & LimitFlags;
  /** True to make a store in a folder that is not there, and the bucket in it; on S3, buckets are not ours to make. */
  readonly create?: boolean;
}

/**
 * Opens the store of a location.
 *
 * @throws UsageError, SealpartError as the store's own opening
 */
export async function openStore(
  location: StoreLocation,
  access: StoreAccess,
  context: CliContext,
): Promise<ObjectStore> {
  const { flags, create = false } = access;
  refuseStrayStoreFlags(location, flags);
  const { equalParts, ...limits } = limitsOf(flags);
  if (location.kind === 's3') return openS3(flags, context);
  if (equalParts === true) throw new UsageError('--equal-parts is for s3://bucket/key: a store in a folder takes any.');
  const store = await openDirectoryStore(location.path, { create, limits, signal: context.signal });
  try {
    if (create) await ensureBucket(store, location.bucket, context.signal);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function ensureBucket(store: ObjectStore, bucket: string, signal: AbortSignal): Promise<void> {
  try {
    await store.createBucket(bucket, signal);
  } catch (error) {
    if (!(error instanceof SealpartError) || error.code !== 'exists') throw error;
  }
}

/** Loaded when it is needed: the SDK takes longer to load than most commands run. */
async function openS3(flags: StoreFlags & LimitFlags, context: CliContext): Promise<ObjectStore> {
  const { endpointUrl, region, profile, pathStyle } = flags;
  const ca = await caOf(flags, context);
  const { openS3Store } = await import('../objects/s3/open-s3-store.ts');
  return openS3Store(
    { endpointUrl, region, profile, forcePathStyle: pathStyle, limits: limitsOf(flags), ca },
    context.signal,
  );
}

/** A bundle of certificates is text, and small: what is longer is none. */
const bundleLimitBytes = 16 * 2 ** 20;

/** The certificates of --ca-bundle or AWS_CA_BUNDLE, which is the one variable of AWS tools that their SDK leaves out. */
async function caOf(flags: StoreFlags, { env, signal }: CliContext): Promise<string | undefined> {
  const path = flags.caBundle ?? bundleIn(env);
  if (path === undefined) return undefined;
  const source = await openFileSource(path, signal);
  try {
    const bytes = Buffer.alloc(Math.min(bundleLimitBytes, source.size ?? bundleLimitBytes));
    const text = bytes.toString('latin1', 0, await source.read(bytes, signal));
    if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
    throw new UsageError(`${path} holds no certificate in PEM form, which --ca-bundle takes.`);
  } finally {
    await source.close();
  }
}

function bundleIn({ AWS_CA_BUNDLE: path }: Environment): string | undefined {
  return path === '' ? undefined : path;
}
