/** What a load client does: one operation, again and again, over some connections. */
export interface LoadJob {
  readonly operation: 'put' | 'get' | 'range';
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly bucket: string;
  /** Each request has a key of its own, `prefix` and a number below `keys`. */
  readonly prefix: string;
  readonly keys: number;
  readonly connections: number;
  readonly requests: number;
  /** Bytes of an object; of a range for `range`, whose objects have `objectBytes`. */
  readonly sizeBytes: number;
  readonly objectBytes?: number;
  /** What each connection of a slow client sends or reads in a second; as fast as it goes unless told. */
  readonly bytesPerSecond?: number;
}

/** How it went. */
export interface LoadResult {
  readonly seconds: number;
  /** Of each request, from its first byte to the last one of its answer, in milliseconds. */
  readonly latenciesMs: readonly number[];
  /** Requests that had to be sent again because the server asked for it. */
  readonly slowedDown: number;
}
