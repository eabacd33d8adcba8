import { type LoadedConfigSelectors, loadConfig, NODE_REGION_CONFIG_OPTIONS } from '@smithy/core/config';
import { SealpartError } from '../../errors.ts';
import { quoted } from '../directory/names.ts';
import { oneLine } from './failure.ts';

/** What a caller says about where a store is; the rest is found as the tools of AWS find it. */
export interface LocationOptions {
  readonly endpointUrl?: string | undefined;
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
}

/** Where a store is. */
export interface StoreLocation {
  /** Absent for AWS itself. */
  readonly endpoint?: URL;
  readonly region: string;
  /** `s3:eu-west-1`, or `s3:` and the endpoint: the same for all who reach the same buckets the same way. */
  readonly name: string;
}

/** Names a region where a store has none of its own. */
const fallbackRegion = 'us-east-1';

/**
 * Finds the endpoint and the region: what the caller says, else the environment, else the configuration files.
 *
 * @throws SealpartError `bad-parameters`
 */
export async function locateStore(options: LocationOptions): Promise<StoreLocation> {
  const endpointText = options.endpointUrl ?? (await load(endpointSelectors, options));
  const endpoint = endpointText === undefined ? undefined : parseEndpoint(endpointText);
  // Only who is in AWS is asked there for the region that this machine is in.
  const selectors = endpoint === undefined ? regionSelectors : { ...regionSelectors, default: fallbackRegion };
  const region = options.region ?? (await load(selectors, options)) ?? '';
  if (!/^[a-zA-Z0-9-]{1,63}$/.test(region)) throw badRegion(region);
  return endpoint === undefined ? { region, name: `s3:${region}` } : { endpoint, region, name: endpointName(endpoint) };
}

const endpointSelectors: LoadedConfigSelectors<string | undefined> = {
  environmentVariableSelector: (env) => (isIgnored(env) ? '' : env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL),
  configFileSelector: (profile, config) => {
    if (profile.ignore_configured_endpoint_urls === 'true') return '';
    // The SDK writes the keys of nested sections with a dot, as it does the names of sections.
    const services = profile.services === undefined ? undefined : config?.[`services.${profile.services}`];
    return services?.['s3.endpoint_url'] ?? profile.endpoint_url;
  },
  default: undefined,
};

function isIgnored(env: Readonly<Record<string, string | undefined>>): boolean {
  return env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS === 'true';
}

const regionSelectors: LoadedConfigSelectors<string | undefined> = {
  // The command line tool of AWS reads the second one too.
  environmentVariableSelector: (env) => env.AWS_REGION || env.AWS_DEFAULT_REGION || undefined,
  configFileSelector: NODE_REGION_CONFIG_OPTIONS.configFileSelector,
  default: async () => {
    try {
      return await (NODE_REGION_CONFIG_OPTIONS.default as () => Promise<string>)();
    } catch {
      // Off the machines of AWS nobody answers; what is missing is said by who asked.
      return undefined;
    }
  },
};

async function load(
  selectors: LoadedConfigSelectors<string | undefined>,
  { profile }: LocationOptions,
): Promise<string | undefined> {
  try {
    const value = await loadConfig(selectors, profile === undefined ? {} : { profile })();
    return value === '' ? undefined : value;
  } catch (error) {
    const reason = error instanceof Error ? oneLine(error.message) : 'unknown reason';
    throw new SealpartError('bad-parameters', `The configuration of AWS cannot be read: ${reason}`, { cause: error });
  }
}

function badRegion(region: string): SealpartError {
  if (region !== '') return new SealpartError('bad-parameters', `${quoted(region)} is no region of S3.`);
  const todo = 'set AWS_REGION, give the profile a region, or name one';
  return new SealpartError('bad-parameters', `No region is set for S3: ${todo}.`);
}

/** @throws SealpartError `bad-parameters` */
function parseEndpoint(text: string): URL {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    const example = 'it must be a URL like https://s3.example.com or http://127.0.0.1:7070';
    throw new SealpartError('bad-parameters', `The endpoint of S3 cannot be read: ${example}.`);
  }
  // Not repeated: what stands there may be a password.
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    const rule = 'it may hold a scheme, a host, a port and a path, and no credentials';
    throw new SealpartError('bad-parameters', `The endpoint of S3 at ${url.host} says too much: ${rule}.`);
  }
  return url;
}

function endpointName(endpoint: URL): string {
  return `s3:${endpoint.origin}${endpoint.pathname.replace(/\/+$/, '')}`;
}

/** True if requests to this endpoint do not leave the machine. */
export function isLoopback(endpoint: URL): boolean {
  const host = endpoint.hostname;
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);
}
