import { SealpartError } from '../errors.ts';
import { endedStates, type UploadItem, type UploadManifest } from '../manifest/upload-manifest.ts';
import { listKnown } from './known-uploads.ts';
import type { StoreLocation } from './parse-store-url.ts';
import type { StoreFlags } from './store-flags.ts';

/**
 * The unfinished upload whose id begins so.
 *
 * @throws SealpartError `not-found` if there is none, or several; `manifest-corrupt` if it may be one that is damaged
 */
export async function findUpload(manifest: UploadManifest, prefix: string, signal: AbortSignal): Promise<UploadItem> {
  const { items, damage } = await listKnown(manifest, signal);
  const found = items.filter(({ id, state }) => id.startsWith(prefix.toLowerCase()) && !endedStates.includes(state));
  const [first] = found;
  if (first === undefined || prefix === '') throw damage ?? noUpload(manifest.name, prefix);
  if (found.length === 1) return first;
  const ids = found.map(({ id }) => id).join(', ');
  throw new SealpartError('not-found', `Several uploads begin with "${prefix}": ${ids}. Give more of the id.`);
}

/** @param name the manifest's */
export function noUpload(name: string, prefix: string): SealpartError {
  const text = `${name} knows of no unfinished upload "${prefix}". \`sealpart uploads\` lists them.`;
  return new SealpartError('not-found', text);
}

/** Where an upload goes to, and how its store is reached: what the manifest has, unless flags say otherwise. */
export function placeOfUpload<F extends StoreFlags>(
  { storeName, bucket, key }: Pick<UploadItem, 'storeName' | 'bucket' | 'key'>,
  flags: F,
): { readonly location: StoreLocation; readonly flags: F } {
  if (storeName.startsWith('dir:')) {
    return { location: { kind: 'dir', path: storeName.slice('dir:'.length), bucket, key }, flags };
  }
  const server = storeName.slice('s3:'.length);
  // The name of an S3 store is its endpoint, or the region of AWS.
  const known = server.includes('://') ? { endpointUrl: server } : { region: server };
  return { location: { kind: 's3', bucket, key }, flags: { ...known, ...flags } };
}
