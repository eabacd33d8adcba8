import type { HeaderField } from '../../s3-protocol/signature/raw-request.ts';

/** Where the body of an answer goes. */
export interface AnswerSink {
  /**
   * Resolves when nobody reads these bytes any more. The head goes out with the first of them.
   *
   * @throws SealpartError `aborted` if the client has gone, or reads nothing for too long
   */
  write(bytes: Uint8Array, signal: AbortSignal): Promise<void>;
}

/** A body that is made while it is sent. */
export interface StreamedBody {
  /** What the client is told beforehand: a body that ends before destroys the connection. */
  readonly lengthBytes: number;
  /**
   * Sends exactly so many bytes. What it throws before the first of them is answered as an error; after that the
   * connection is destroyed, never ended, so that nobody takes the rest for all.
   */
  send(sink: AnswerSink, signal: AbortSignal): Promise<void>;
  /** Lets go of what it holds, if it is not sent: of a HEAD, or as the client has gone. Safe after `send`. */
  close(): Promise<void>;
}

/** What a request is answered with. The adapter adds Date, Server, x-amz-request-id, x-amz-id-2 and Content-Length. */
export interface GatewayAnswer {
  readonly status: number;
  /** One character a byte. Content-Length stands here only in an answer to HEAD. */
  readonly headers: readonly HeaderField[];
  readonly body?: Uint8Array | StreamedBody;
}

/** From request to answer. What it throws is answered by `refuse`. */
export interface GatewayHandler<Request> {
  handle(request: Request, signal: AbortSignal): Promise<GatewayAnswer>;
  /** The answer to what went wrong with a request, as S3 words it; undefined for the request where none could be read. */
  refuse(error: unknown, request: Request | undefined): GatewayAnswer;
}
