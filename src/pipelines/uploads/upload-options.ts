import type { SealpartError } from '../../errors.ts';
import type { ReaderKeys } from '../../keys/open-header.ts';
import type { HostKeys } from '../../manifest/host-keys.ts';
import type { UploadManifest } from '../../manifest/upload-manifest.ts';

/** How an upload is made known to whoever may have to go on with it. */
export interface UploadOptions {
  /** Where it is written down what is durably done. */
  readonly manifest: UploadManifest;
  /**
   * Opens the upload's own stream header when it is taken up again. Only key files and passphrases are used: to a
   * public key anyone can seal, so that whoever writes the manifest could have us encrypt under a key of theirs.
   */
  readonly access?: Pick<ReaderKeys, 'identities'> | undefined;
  /**
   * Keys of this host. Where they are given, only uploads that this host began are gone on with, also by a writer that
   * can open no recipient (docs/format.md §10.8). Without them, whoever once could open a stream of ours and can write
   * the manifest could have us go on with that stream.
   */
  readonly hostKeys?: HostKeys | undefined;
  /** False to begin anew and abort what was begun before; true unless told. */
  readonly resume?: boolean | undefined;
  /** True to take an upload from an owner that may be alive. */
  readonly takeOver?: boolean | undefined;
  /** True to read again what was sent already and compare it, instead of trusting the source's fingerprint. */
  readonly verifySource?: boolean | undefined;
  /** Where the source can be opened again: an absolute path. */
  readonly sourcePath?: string | undefined;
  /** A name of this run for people, unlike that of any other run; host and process with random digits unless told. */
  readonly owner?: string | undefined;
  /** How long others believe without asking that the owner is alive; 60 s unless told. */
  readonly leaseMs?: number | undefined;
  /** Milliseconds since 1970; the system's clock unless told. */
  readonly clock?: (() => number) | undefined;
  readonly onEvent?: ((event: UploadEvent) => void) | undefined;
}

/** What an upload tells of its course. `id` is the manifest's, the stream's id in hexadecimal digits. */
export type UploadEvent =
  /** The store has an upload, and the manifest knows of it. */
  | { readonly kind: 'begun'; readonly id: string }
  /** An earlier run's upload is gone on with. */
  | { readonly kind: 'resumed'; readonly id: string; readonly keptParts: number; readonly keptContentBytes: number }
  /** An earlier run's upload was aborted, because it cannot be gone on with or was not to be. */
  | { readonly kind: 'abandoned'; readonly id: string; readonly reason: string }
  /** The store lost or refused the upload, and it begins again as a new stream. */
  | { readonly kind: 'restarted'; readonly reason: string }
  /** The object stands, but the manifest could not be told: the next run of the same will find out. */
  | { readonly kind: 'unrecorded'; readonly error: SealpartError }
  /** The run failed or was stopped, and the upload can be resumed. */
  | { readonly kind: 'left'; readonly id: string };
