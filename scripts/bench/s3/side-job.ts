/** What is compared: the project's own ways and the plain ones beside them. */
export type SideName =
  | 'put'
  | 'putUnlisted'
  | 'putPooled'
  | 'putMemory'
  | 'plainPut'
  | 'plainPutFile'
  | 'get'
  | 'getPooled'
  | 'plainGet';

/** What a side's process is told. */
export interface SideJob {
  readonly side: SideName;
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly bucket: string;
  /** Where this side puts, and gets from. */
  readonly key: string;
  readonly contentPath: string;
  /** Bytes of a part, and of what a ranged GET asks for. */
  readonly partSizeBytes: number;
  /** Parts and GETs under way at one time. */
  readonly inFlight: number;
  /** Threads that encrypt and decrypt. */
  readonly workers: number;
  /** The SQLite file in which uploads are written down. */
  readonly manifestPath: string;
  /** The folder of the project's compiled modules. */
  readonly libraryFolder: string;
}

/** A side that can be run again and again. */
export interface Side {
  run(): Promise<void>;
  close(): Promise<void>;
}
