import { SealpartError, throwIfAborted } from '../errors.ts';
import { isLoopbackHost } from '../gateway/config/address.ts';
import type { GatewayConfig } from '../gateway/config/gateway-config.ts';
import type { ReadConfig } from '../gateway/config/read-gateway-config.ts';
import type { BucketStore } from '../objects/bucket-store.ts';
import { openDirectoryStore } from '../objects/directory/open-directory-store.ts';
import type { CliContext } from './cli-context.ts';
import { storeFolder } from './gateway-places.ts';
import { readSmallFile } from './gateway-small-file.ts';
import { type LimitFlags, limitsOf } from './store-flags.ts';

export interface OpenedStore {
  readonly store: BucketStore;
  /** The region that clients sign for. */
  readonly region: string;
  readonly warnings: readonly string[];
}

/** What a store in a folder says of itself, as AWS does in its first region. */
const ownRegion = 'us-east-1';

/**
 * Opens what lies behind.
 *
 * @throws SealpartError as the store's own opening; `bad-parameters`, `denied` if it is plain that nothing would work
 */
export async function openGatewayStore(read: ReadConfig, context: CliContext): Promise<OpenedStore> {
  const { config } = read;
  const folder = storeFolder(config, context.env);
  if (folder === undefined) return openS3(read, context);
  const { equalParts: _, ...limits } = limitsOf(limitFlags(config));
  const { region = ownRegion } = config;
  const owner = { id: config.owner, displayName: config.owner };
  const store = await openDirectoryStore(folder, { create: true, limits, owner, region, signal: context.signal });
  return { store, region, warnings: [] };
}

async function openS3(read: ReadConfig, { env, signal }: CliContext): Promise<OpenedStore> {
  const { endpointUrl, region, profile, pathStyle, idleTimeout: idleTimeoutMs } = read.config;
  // Loaded when they are needed: the SDK takes longer to load than a store in a folder to open.
  const { openS3Store } = await import('../objects/s3/open-s3-store.ts');
  const { locateStore } = await import('../objects/s3/store-location.ts');
  const location = await locateStore({ endpointUrl, region, profile });
  refuseLoop(read, location.endpoint);
  const limits = limitsOf(limitFlags(read.config));
  const ca = await caOf(read, env.AWS_CA_BUNDLE);
  const place = { endpointUrl, region, profile, forcePathStyle: pathStyle };
  const store = await openS3Store({ ...place, limits, ca, idleTimeoutMs }, signal);
  try {
    const warning = await firstQuestion(store, signal);
    return { store, region: location.region, warnings: warning === undefined ? [] : [warning] };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Only what is set, as flags are. */
function limitFlags({ minPart, maxPart, maxParts, equalParts }: GatewayConfig): LimitFlags {
  const all = { minPart, maxPart, maxParts, equalParts };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

async function caOf({ config, given: set }: ReadConfig, variable: string | undefined): Promise<string | undefined> {
  const path = config.caBundle ?? (variable || undefined);
  if (path === undefined) return undefined;
  const from = set.get('caBundle')?.from ?? 'AWS_CA_BUNDLE';
  const text = (await readSmallFile(path, from)).toString('latin1');
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new SealpartError('bad-parameters', `${from} names ${path}, which holds no certificate in PEM.`);
}

/** A variable that was set for clients would make the gateway its own client. */
function refuseLoop({ config: { listen } }: ReadConfig, endpoint: URL | undefined): void {
  if (endpoint === undefined || listen.port === 0) return;
  const port = Number(endpoint.port || (endpoint.protocol === 'https:' ? 443 : 80));
  const host = endpoint.hostname.replace(/^\[|\]$/g, '');
  const isOurs =
    host === listen.host || (isLoopbackHost(host) && (isLoopbackHost(listen.host) || /^[0:.]+$/.test(listen.host)));
  if (port !== listen.port || !isOurs) return;
  const what = `The store at ${endpoint.origin} is this gateway itself`;
  throw new SealpartError('bad-parameters', `${what}: look at --endpoint-url, AWS_ENDPOINT_URL and the profile.`);
}

/** A store that does not answer in this time may still be starting. */
const patienceMs = 3000;

/** What no patience helps against: credentials, the clock, the region. */
const definite: ReadonlySet<string | undefined> = new Set([
  'AuthorizationHeaderMalformed',
  'ExpiredToken',
  'InvalidAccessKeyId',
  'InvalidToken',
  'PermanentRedirect',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
]);

/**
 * Asks the store something, so that wrong credentials, a wrong region or a wrong clock are told at the start and not by
 * every request. A store that is not there yet is none of these: it is waited for, and told of.
 */
async function firstQuestion(store: BucketStore, signal: AbortSignal): Promise<string | undefined> {
  try {
    await store.listBuckets({ limit: 1 }, AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]));
    return undefined;
  } catch (error) {
    throwIfAborted(signal);
    if (!(error instanceof SealpartError) || definite.has(error.said)) throw error;
    // Who may not list buckets may still use them.
    if (error.code === 'denied' || error.code === 'bad-parameters') return undefined;
    const what = error.code === 'aborted' ? `${store.name} has not answered yet` : error.message.replace(/\.$/, '');
    return `${what}: requests are answered 503 until it does`;
  }
}
