/** What a client may take of the server before it is turned away. Sizes in bytes, times in milliseconds. */
export interface HttpLimits {
  /** First line and headers of a request together. */
  readonly headerBytes: number;
  readonly headerCount: number;
  /** From the first byte of a request, or from the connection, to the end of its headers. */
  readonly headersTimeoutMs: number;
  readonly handshakeTimeoutMs: number;
  /** How often the times of headers are looked at. */
  readonly checkIntervalMs: number;
  /** How long a connection may wait for its next request. */
  readonly keepAliveMs: number;
  /** How long a client that is asked for its body may send nothing of it. There is no limit on the whole. */
  readonly bodyIdleMs: number;
  /** How long a client may take nothing of its answer. */
  readonly answerIdleMs: number;
  /** What is read and thrown away of a body that was refused, so that the connection can be kept. */
  readonly drainBytes: number;
  /** What is read and thrown away, and for how long, so that a client gets to read why it was refused. */
  readonly lingerBytes: number;
  readonly lingerMs: number;
  readonly connections: number;
  /** Requests of a connection that wait while one is answered. */
  readonly waitingRequests: number;
  /** A body that comes slower than so over so long may be evicted. */
  readonly slowBytesPerSecond: number;
  readonly slowAfterMs: number;
}

export const defaultHttpLimits: HttpLimits = {
  headerBytes: 16 * 1024,
  headerCount: 256,
  headersTimeoutMs: 20_000,
  handshakeTimeoutMs: 10_000,
  checkIntervalMs: 1000,
  // Longer than the minute after which load balancers drop theirs: whoever closes first never meets a request.
  keepAliveMs: 75_000,
  bodyIdleMs: 60_000,
  answerIdleMs: 60_000,
  drainBytes: 64 * 1024,
  lingerBytes: 4 * 1024 * 1024,
  lingerMs: 1000,
  connections: 10_000,
  waitingRequests: 16,
  slowBytesPerSecond: 16 * 1024,
  slowAfterMs: 30_000,
};
