import { SealpartError } from '../errors.ts';
import type { UploadItem, UploadManifest } from '../manifest/upload-manifest.ts';

export interface KnownUploads {
  /** Oldest first. */
  readonly items: readonly UploadItem[];
  /** What is to be told once the others were dealt with: that there are entries which are damaged. */
  readonly damage: SealpartError | undefined;
}

/** The uploads that a manifest knows of: one entry that is damaged does not hide the others. */
export async function listKnown(manifest: UploadManifest, signal: AbortSignal): Promise<KnownUploads> {
  const items: UploadItem[] = [];
  try {
    for await (const item of manifest.list({}, signal)) items.push(item);
    return { items, damage: undefined };
  } catch (error) {
    return { items, damage: damageIn(error) };
  }
}

/** The error if it says that an entry is damaged; throws any other. */
export function damageIn(error: unknown): SealpartError {
  if (error instanceof SealpartError && error.code === 'manifest-corrupt') return error;
  throw error;
}
