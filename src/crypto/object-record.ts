import type { StreamParameters } from '../format/stream-parameters.ts';

/** What is known of an object whose stream was written or read whole. */
export interface ObjectRecord {
  /** As the store has it, in bytes. */
  readonly sizeBytes: number;
  /** 16 bytes. */
  readonly streamId: Uint8Array;
  readonly contentLength: number;
  /** The ETag that clients are told: MD5 of the content in hex, of MD5s with `-N`, or an opaque one. Without quotes. */
  readonly etag: string;
  /** Checksums of the content that a client chose, in base64 by S3's name of the algorithm: `CRC32C`. */
  readonly checksums: Readonly<Record<string, string>>;
  /** Suite, digest, layout, sizes, header_len, compression: places in the stream follow from them. */
  readonly parameters: StreamParameters;
  /** 32 bytes. */
  readonly streamDigest: Uint8Array;
  /** 16 bytes: the salt of the FINAL segment. */
  readonly finalSalt: Uint8Array;
  /** Parts that a client made it of; 0 for an object that was put whole. */
  readonly partCount: number;
}
