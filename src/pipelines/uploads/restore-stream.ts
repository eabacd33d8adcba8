import type { KeyObject } from 'node:crypto';
import { coreHashOf } from '../../crypto/key-schedule.ts';
import { uploadMacMatches } from '../../crypto/manifest-records.ts';
import { openResumeItem } from '../../crypto/resume-item.ts';
import { isRefusal, SealpartError } from '../../errors.ts';
import { parseStreamHeader, type StreamHeader } from '../../format/stream-header.ts';
import { type OpenedHeader, openHeader, openHeaderWithDataKey } from '../../keys/open-header.ts';
import { requireOrigin } from '../../keys/origin.ts';
import type { SealedHeader } from '../../keys/seal-header.ts';
import type { UploadItem } from '../../manifest/upload-manifest.ts';
import type { UploadOptions } from './upload-options.ts';

/** What a stream has to prove to whoever puts again, beside that it is ours. */
export interface StreamProof {
  /** Requires that the stream comes from an owner of this key. */
  readonly originKey?: KeyObject | undefined;
  /** The recipients that are asked for now: a passphrase among them must be the one of then. */
  readonly recipients?: readonly { readonly kind: string }[] | undefined;
}

/** All that a message needs to know of a manifest. */
export interface NamedManifest {
  readonly manifest: Pick<UploadOptions['manifest'], 'name'>;
}

/**
 * Opens the stream of an upload that another run began, and proves that its head item is what that run wrote.
 *
 * @throws SealpartError `manifest-corrupt` if the item was altered; `no-recipient`, `header-auth`, `kms-unavailable` if
 *   the stream cannot be opened; `aborted`
 */
export async function restoreStream(
  item: UploadItem,
  options: UploadOptions,
  signal: AbortSignal,
  proof: StreamProof = {},
): Promise<SealedHeader> {
  const header = readHeader(item, options);
  const opened = await openOwn(header, item, options, signal, proof);
  const key = opened.keys.manifestKey();
  const { uploadId, mac } = item;
  if (uploadId === undefined || mac === undefined) throw corrupt(item, options, 'it has no upload');
  if (!uploadMacMatches(key, opened.coreHash, { ...item, uploadId }, mac)) {
    throw corrupt(item, options, 'its MAC does not match');
  }
  return opened;
}

/** The stream header of an upload, believed by nobody yet. @throws SealpartError `manifest-corrupt` */
export function readHeader(item: UploadItem, options: NamedManifest): StreamHeader {
  try {
    return parseStreamHeader(item.streamHeader);
  } catch (error) {
    if (isRefusal(error)) throw corrupt(item, options, `its stream header is ${error.code}`, error);
    throw error;
  }
}

async function openOwn(
  header: StreamHeader,
  item: UploadItem,
  options: UploadOptions,
  signal: AbortSignal,
  { originKey, recipients = [] }: StreamProof,
): Promise<Pick<OpenedHeader, 'header' | 'keys' | 'coreHash'>> {
  const dataKey = await dataKeyOf(header, item, options, signal);
  // A passphrase has no id to compare: that it is still the same shows only if it opens.
  const byPassphrase = recipients.some(({ kind }) => kind === 'passphrase');
  // To a public key anyone can seal: such a header proves nothing of who wrote it (docs/format.md §8).
  const identities = (options.access?.identities ?? []).filter(
    ({ symmetric, kind }) => symmetric && (!byPassphrase || kind === 'passphrase'),
  );
  const objectName = { bucket: item.bucket, key: item.key };
  try {
    if (originKey !== undefined) requireOrigin(header, originKey);
    if (dataKey !== undefined && !byPassphrase) return openHeaderWithDataKey(header, dataKey);
    return await openHeader(header, { identities, objectName }, signal);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    throw new SealpartError(
      error.code,
      `The upload ${item.id} to ${item.bucket}/${item.key} that ${options.manifest.name} knows of cannot be resumed: ` +
        `${error.message} With other keys it has to begin anew (--no-resume).`,
      { cause: error },
    );
  }
}

async function dataKeyOf(
  header: StreamHeader,
  item: UploadItem,
  { hostKeys }: UploadOptions,
  signal: AbortSignal,
): Promise<KeyObject | undefined> {
  if (item.resumeItem === undefined) return undefined;
  const hostKey = await hostKeys?.find(item.id, signal);
  if (hostKey === undefined) return undefined;
  const context = { streamId: header.core.streamId, coreHash: coreHashOf(header.bytes) };
  return openResumeItem(hostKey, item.resumeItem, context);
}

/** What an item says that its MAC does not cover, or that does not match it. */
export function corrupt(
  { id, bucket, key }: Pick<UploadItem, 'id' | 'bucket' | 'key'>,
  { manifest }: NamedManifest,
  what: string,
  cause?: unknown,
): SealpartError {
  return new SealpartError(
    'manifest-corrupt',
    `What ${manifest.name} says of the upload ${id} to ${bucket}/${key} was altered or damaged: ${what}. Begin anew ` +
      '(--no-resume), and find out who writes to the manifest.',
    { cause },
  );
}
