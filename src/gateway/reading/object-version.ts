import type { ObjectName } from '../../objects/object-store.ts';

/** An object as the store names it, or one version of it. */
export interface ObjectVersion extends ObjectName {
  /** Undefined for whatever version is the newest. */
  readonly versionId?: string | undefined;
}

/** The same as a store's request takes it. */
export function versionRequest({
  bucket,
  key,
  versionId,
}: ObjectVersion): ObjectName & { readonly versionId?: string } {
  return { bucket, key, ...(versionId === undefined ? {} : { versionId }) };
}
