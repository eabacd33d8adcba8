import type { DigestAlg } from '../format/stream-parameters.ts';
import type { ReaderKeys } from '../keys/open-header.ts';
import type { Recipient } from '../keys/recipient.ts';
import type { Manifest } from '../manifest/manifest.ts';
import type { BucketStore } from '../objects/bucket-store.ts';
import type { Owner } from '../s3-protocol/xml/listed-elements.ts';
import type { AccessKeys } from './access/access-keys.ts';
import type { Address } from './config/address.ts';
import type { LogLevel } from './telemetry/open-logger.ts';

/** What a gateway is made of. Store and manifest stay their owner's, who closes them after the gateway. */
export interface GatewayOptions {
  readonly store: BucketStore;
  readonly manifest: Manifest;
  /** For whom objects are written. */
  readonly recipients: readonly Recipient[];
  /** What objects are opened with. */
  readonly access: Omit<ReaderKeys, 'objectName'>;
  readonly accessKeys: AccessKeys;
  /** Port 0 is any that is free. */
  readonly listen: Address;
  /** PEM. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  /** Undefined for none. */
  readonly adminListen?: Address | undefined;
  /** Bytes that content and frames may take together. */
  readonly memoryBytes: number;
  readonly workers?: number | undefined;
  readonly digestAlg: DigestAlg;
  readonly etags: 'md5' | 'opaque';
  readonly plaintext: 'refuse' | 'pass';
  readonly namesInContext: boolean;
  readonly region: string;
  /** Whom all buckets belong to, as clients are told; `sealpart` unless told. */
  readonly owner?: Owner | undefined;
  /** Names under which buckets are names of hosts. */
  readonly domains: readonly string[];
  /** Names that objects are bound to, by the buckets' names in the store. */
  readonly buckets: Readonly<Record<string, string>>;
  readonly maxConnections?: number | undefined;
  readonly idleTimeoutMs?: number | undefined;
  readonly logLevel: LogLevel;
  /** Where the log of what goes wrong goes, in lines of JSON; undefined for nowhere. */
  readonly log?: { write(line: string): void } | undefined;
  /** Where the access log goes, a line a request; undefined for nowhere. */
  readonly accessLog?: { write(line: string): void } | undefined;
  /** Milliseconds since 1970; the system's clock unless told. */
  readonly clock?: (() => number) | undefined;
}

/** A gateway that answers requests. */
export interface Gateway {
  /** `http://127.0.0.1:9440` */
  readonly url: string;
  readonly adminUrl: string | undefined;
  /** The most memory that the process will use, in bytes. */
  readonly peakBytes: number;
  /** From now on connections are made with these. */
  replaceTls(tls: { readonly cert: string; readonly key: string }): void;
  /** Takes no request more, waits so long for those under way, and ends what is left then. */
  close(deadlineMs: number): Promise<void>;
}
