import { z } from 'zod';
import { type DigestAlg, digestAlgs } from '../../format/stream-parameters.ts';
import { leastGatewayMemoryBytes } from '../memory-shares.ts';
import { type Address, parseAddress } from './address.ts';
import { bytesOf, millisecondsOf } from './amounts.ts';
import { type GatewayConfig, logLevels, type SettingName, type StoreChoice } from './gateway-config.ts';

/** A text that is read by a function, which returns undefined for what is wrong. */
function read<T>(parse: (text: string) => T | undefined): z.ZodType<T, string> {
  return z.string().transform((text, context) => {
    const value = parse(text);
    if (value !== undefined) return value;
    // Whoever tells of it says what was expected.
    context.issues.push({ code: 'custom', message: '', input: text });
    return z.NEVER;
  });
}

const path = z.string().min(1);
const bucket = z.string().regex(/^[A-Za-z0-9._-]{1,255}$/);
const domain = z.string().regex(/^(?=.{1,253}$)[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$/);
const digests: ReadonlyMap<string, DigestAlg> = new Map([
  ['sha256', digestAlgs.sha256],
  ['sha256-fragments', digestAlgs.sha256Fragments],
  ['sha256-tags', digestAlgs.sha256Tags],
]);

const leastTimeMs = 100;
const mostTimeMs = 24 * 3_600_000;

function parseMemory(text: string): number | undefined {
  const bytes = bytesOf(text);
  return bytes !== undefined && bytes >= leastGatewayMemoryBytes ? bytes : undefined;
}

function parseTime(text: string): number | undefined {
  const timeMs = millisecondsOf(text);
  return timeMs !== undefined && timeMs >= leastTimeMs && timeMs <= mostTimeMs ? timeMs : undefined;
}

function parseStore(text: string): StoreChoice | undefined {
  if (text === 's3') return { kind: 's3' };
  return text.startsWith('dir:') && text.length > 4 ? { kind: 'dir', path: text.slice(4) } : undefined;
}

function parseManifest(text: string): string | undefined {
  return text.startsWith('sqlite:') && text.length > 7 ? text.slice(7) : undefined;
}

function parseEndpoint(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined;
  return url.username === '' && url.password === '' && url.search === '' && url.hash === '' ? text : undefined;
}

/** What values a file may have, and what they become. */
export const settingSchemas: { readonly [Name in SettingName]: z.ZodType<GatewayConfig[Name]> } = {
  listen: read(parseAddress),
  tlsCert: path.optional(),
  tlsKey: path.optional(),
  domains: z.array(domain),
  adminListen: read<Address | 'none'>((text) => (text === 'none' ? text : parseAddress(text))),

  store: read(parseStore).optional(),
  endpointUrl: read(parseEndpoint).optional(),
  region: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,63}$/)
    .optional(),
  owner: z.string().regex(/^[A-Za-z0-9._-]{1,128}$/),
  profile: z.string().min(1).optional(),
  caBundle: path.optional(),
  pathStyle: z.boolean().optional(),
  minPart: read(bytesOf).optional(),
  maxPart: read(bytesOf).optional(),
  maxParts: z.int().min(1).max(10_000).optional(),
  equalParts: z.boolean().optional(),

  keyFiles: z.array(path),
  accessKeys: path.optional(),
  manifest: read(parseManifest).optional(),

  digest: read((text) => digests.get(text)),
  etag: z.enum(['md5', 'opaque']),
  plaintext: z.enum(['refuse', 'pass']),
  buckets: z.record(bucket, bucket),
  namesInContext: z.boolean(),

  memory: read(parseMemory),
  workers: z.int().min(0).max(256).optional(),
  maxConnections: z.int().min(1).max(100_000),
  idleTimeout: read(parseTime),
  stopTimeout: read(parseTime),
  logLevel: z.enum(logLevels),
  accessLog: path,
};
