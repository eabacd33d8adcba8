/** The servers that tests can be run on. */
export const serverNames = ['versitygw', 'minio', 'rgw'] as const;
export type ServerName = (typeof serverNames)[number];

/** One request as the server's own log has it. */
export interface ServedRequest {
  /** S3's name of it, as `UploadPart`. */
  readonly operation: string;
  /** Path and query as they were received. */
  readonly target: string;
  readonly status: number;
  readonly errorCode?: string;
}

/** A real S3 server, on a port of 127.0.0.1, with nothing in it. */
export interface S3Server {
  readonly name: ServerName;
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Where it keeps what it is given: for versitygw, plain files `BUCKET/KEY`. */
  readonly dataFolder: string;
  /** Over https: the file with the certificate that it shows, to be trusted by clients (NODE_EXTRA_CA_CERTS, `ca`). */
  readonly certificatePath?: string;
  /** What its own log says it was asked for, where it keeps one. */
  readonly requests?: () => Promise<ServedRequest[]>;
  /** The end of what it printed. */
  output(): string;
  /** Holds it where it is, connections open, until {@link S3Server.resume}. */
  pause(): void;
  resume(): void;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface ServerOptions {
  /** Serve https with a certificate that signs itself. */
  readonly tls?: boolean;
  /** In which directory its data goes: the system's for temporary files unless told, /dev/shm for benchmarks. */
  readonly parentFolder?: string;
}

/** What every server here knows its one user by. */
export const credentials = { accessKeyId: 'test', secretAccessKey: 'testtest' } as const;
export const region = 'us-east-1';
