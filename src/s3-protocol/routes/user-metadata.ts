import { s3Error } from '../errors/s3-error.ts';
import type { HeaderField } from '../signature/raw-request.ts';

const prefix = 'x-amz-meta-';
/** What a client can neither set nor see: the gateway keeps records of its own there. */
export const reservedMetadataPrefix = 'sealpart-';
/** Names and values together, in bytes. */
export const maxMetadataBytes = 2048;

/**
 * The metadata that a client gives an object: names in lower case without their prefix, values one character a byte.
 * Of a name that comes several times the values are one, with commas between them.
 *
 * @throws S3Error MetadataTooLarge, or InvalidArgument for a name that is the gateway's.
 */
export function readUserMetadata(headers: readonly HeaderField[]): ReadonlyMap<string, string> {
  const metadata = new Map<string, string>();
  for (const [header, value] of headers) {
    const lower = header.toLowerCase();
    if (!lower.startsWith(prefix)) continue;
    const name = lower.slice(prefix.length);
    if (name.startsWith(reservedMetadataPrefix)) {
      const message = 'Metadata of that name is reserved.';
      throw s3Error('InvalidArgument', { message, ArgumentName: lower });
    }
    // What no header can hold came from a presigned URL, and would end the header when it is given back.
    if (/[^\t -~\u0080-\u00ff]/.test(value)) {
      const message = 'Header value cannot be represented using ISO-8859-1.';
      throw s3Error('InvalidArgument', { message, ArgumentName: lower });
    }
    const before = metadata.get(name);
    metadata.set(name, before === undefined ? value.trim() : `${before},${value.trim()}`);
  }
  let sizeBytes = 0;
  for (const [name, value] of metadata) sizeBytes += name.length + value.length;
  if (sizeBytes > maxMetadataBytes) {
    throw s3Error('MetadataTooLarge', { Size: sizeBytes, MaxSizeAllowed: maxMetadataBytes });
  }
  return metadata;
}

/** The metadata that a client may see of what is stored. */
export function visibleMetadata(metadata: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...metadata].filter(([name]) => !name.toLowerCase().startsWith(reservedMetadataPrefix)));
}
