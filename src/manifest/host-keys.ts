import type { KeyObject } from 'node:crypto';

/**
 * Where a host that can open no recipient of an upload keeps the key that lets it go on (docs/format.md §10.8): outside
 * the manifest, one an upload, erased when the upload ends. `uploadId` is the upload's `id` in the manifest, 32
 * hexadecimal digits, not the store's id of it. All methods fail with SealpartError `manifest` if keys cannot be kept
 * or are open to other users, `aborted`.
 */
export interface HostKeys {
  /**
   * Keeps the key of an upload. When it resolves, the key survives a loss of power. The same key once more is no error.
   *
   * @throws SealpartError `exists` if there is another one.
   */
  keep(uploadId: string, key: KeyObject, signal: AbortSignal): Promise<void>;
  /**
   * The key of an upload, or undefined if it is not here.
   *
   * @throws SealpartError `manifest-corrupt` if what is here is no key.
   */
  find(uploadId: string, signal: AbortSignal): Promise<KeyObject | undefined>;
  /** Erases the key of an upload; one that is not here is no error. */
  erase(uploadId: string, signal: AbortSignal): Promise<void>;
}
