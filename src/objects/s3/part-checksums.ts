/** The checksum of a part, valid for the bytes that this ETag names. */
interface KnownPart {
  readonly etag: string;
  readonly crc32: string;
}

/** Of so many uploads the checksums are remembered; those of others are asked for again when they are needed. */
const maxUploads = 1000;

/**
 * Remembers the checksums of the parts that were stored or listed. S3 wants them again when an upload is completed that
 * was begun with checksums, and nobody else keeps them.
 */
export class PartChecksums {
  readonly #uploads = new Map<string, Map<number, KnownPart>>();

  note(uploadId: string, partNumber: number, etag: string, crc32: string): void {
    let parts = this.#uploads.get(uploadId);
    if (parts === undefined) {
      parts = new Map();
      this.#uploads.set(uploadId, parts);
      const [oldest] = this.#uploads.keys();
      if (this.#uploads.size > maxUploads && oldest !== undefined) this.#uploads.delete(oldest);
    }
    parts.set(partNumber, { etag, crc32 });
  }

  /** Undefined if the part is not known, or was stored with other bytes. */
  find(uploadId: string, partNumber: number, etag: string): string | undefined {
    const part = this.#uploads.get(uploadId)?.get(partNumber);
    return part?.etag === etag ? part.crc32 : undefined;
  }

  forget(uploadId: string): void {
    this.#uploads.delete(uploadId);
  }
}
