import type { RawRequest } from '../../s3-protocol/signature/raw-request.ts';

/** A request as it came, of which no byte of the body was read yet. */
export interface GatewayRequest extends RawRequest {
  /** 16 capital hexadecimal digits: in the answer, in its error document and in the log. */
  readonly requestId: string;
  readonly hostId: string;
  readonly remoteAddress: string;
  /** True if it came over TLS. */
  readonly secure: boolean;
  readonly body: RequestBody;
}

/** The body of a request, as it comes. */
export interface RequestBody {
  /** Content-Length; 0 for a request without a body, undefined for one in chunks (Transfer-Encoding). */
  readonly lengthBytes: number | undefined;
  /** What has come so far. */
  readonly receivedBytes: number;
  /**
   * The next bytes, which are their reader's from then on; undefined at the end. Nothing is read from the connection
   * while nobody asks. The first call lets a client go on that waits for 100 Continue.
   *
   * @throws S3Error IncompleteBody, RequestTimeout (no byte for too long); SealpartError `aborted` if the client has gone
   */
  next(signal: AbortSignal): Promise<Uint8Array | undefined>;
}
