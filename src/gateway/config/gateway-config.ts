import type { DigestAlg } from '../../format/stream-parameters.ts';
import type { Address } from './address.ts';

/** What lies behind. */
export type StoreChoice = { readonly kind: 'dir'; readonly path: string } | { readonly kind: 's3' };

/** How much the log tells. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** How a gateway is set up: what flags, environment and file say, and the defaults. Paths are as they were given. */
export interface GatewayConfig {
  readonly listen: Address;
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
  /** Names under which buckets are names of hosts. */
  readonly domains: readonly string[];
  readonly adminListen: Address | 'none';

  /** Undefined for the store of this user, of which keys are made too. */
  readonly store: StoreChoice | undefined;
  readonly endpointUrl: string | undefined;
  readonly region: string | undefined;
  /** Whom all buckets belong to, as clients are told. */
  readonly owner: string;
  readonly profile: string | undefined;
  readonly caBundle: string | undefined;
  readonly pathStyle: boolean | undefined;
  /** Bytes, as the limits after it. */
  readonly minPart: number | undefined;
  readonly maxPart: number | undefined;
  readonly maxParts: number | undefined;
  readonly equalParts: boolean | undefined;

  /** The first one writes, all of them read. */
  readonly keyFiles: readonly string[];
  readonly accessKeys: string | undefined;
  /** The path of the SQLite file. */
  readonly manifest: string | undefined;

  readonly digest: DigestAlg;
  readonly etag: 'md5' | 'opaque';
  readonly plaintext: 'refuse' | 'pass';
  /** Names that objects are bound to, by the buckets' names in the store. */
  readonly buckets: Readonly<Record<string, string>>;
  readonly namesInContext: boolean;

  /** Bytes. */
  readonly memory: number;
  readonly workers: number | undefined;
  readonly maxConnections: number;
  /** Milliseconds, as `stopTimeout`. */
  readonly idleTimeout: number;
  readonly stopTimeout: number;

  readonly logLevel: LogLevel;
  /** A file, `-` for standard output, or `none`. */
  readonly accessLog: string;
}

export type SettingName = keyof GatewayConfig;
