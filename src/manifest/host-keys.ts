import type { KeyObject } from 'node:crypto';

/**
 * Where a host that can open no recipient of an upload keeps the key that lets it go on (docs/format.md §10.8): outside
 * the manifest, one an upload, erased when the upload ends.
 */
export interface HostKeys {
  /** Keeps the key of an upload. When it resolves, the key survives a loss of power. */
  keep(uploadId: string, key: KeyObject, signal: AbortSignal): Promise<void>;
  /** The key of an upload, or undefined if it is not here. */
  find(uploadId: string, signal: AbortSignal): Promise<KeyObject | undefined>;
  /** Erases the key of an upload; one that is not here is no error. */
  erase(uploadId: string, signal: AbortSignal): Promise<void>;
}
