import type { HeaderField, RecipientField } from '../../format/header-fields.ts';
import { digestAlgs, suites } from '../../format/stream-parameters.ts';
import { endedStates, type UploadItem, type UploadManifest } from '../../manifest/upload-manifest.ts';
import type { ObjectName, ObjectStore } from '../../objects/object-store.ts';
import type { WriteOptions } from '../seal-stream.ts';
import { type NamedManifest, readHeader } from './restore-stream.ts';
import { SourceDiffers } from './source-differs.ts';

/** Uploads to an object that have not ended, oldest first. */
export async function findPendingUploads(
  manifest: UploadManifest,
  store: ObjectStore,
  { bucket, key }: ObjectName,
  signal: AbortSignal,
): Promise<UploadItem[]> {
  const pending: UploadItem[] = [];
  for await (const item of manifest.list({ storeName: store.name, bucket, key }, signal)) {
    if (!endedStates.includes(item.state)) pending.push(item);
  }
  return pending;
}

/** Why an upload cannot be gone on with, whatever its source is; undefined if it can. */
export function whyNotResumable(item: UploadItem, fingerprint: string | undefined): string | undefined {
  if (item.uploadId === undefined) return 'it had not begun yet';
  if (item.state === 'aborting') return 'it was being aborted';
  if (item.sourceFingerprint === '') return 'it came from a source that cannot be read again';
  if (fingerprint === undefined) return 'this source cannot be read again';
  return undefined;
}

/**
 * Compares what was asked for with how the upload began. Sizes of segments are kept as they were; who can open the
 * object, and how it is encrypted, is what the caller says now.
 *
 * @returns what differs, or undefined
 * @throws SealpartError `manifest-corrupt` if the item's stream header cannot be read
 */
export function whatDiffers(
  item: UploadItem,
  options: WriteOptions,
  whose: NamedManifest = { manifest: { name: 'the manifest' } },
): string | undefined {
  const { core, fields } = readHeader(item, whose);
  const { suite, digestAlg, compression } = core.parameters;
  if (suite !== (options.suite ?? suites.aesGcm)) return 'another cipher';
  if (digestAlg !== (options.digestAlg ?? digestAlgs.sha256Fragments)) return 'another digest';
  if (compression !== (options.zstd === true ? 1 : 0)) return 'another compression';
  const sealedFor = fields.filter(isRecipient);
  const { recipients } = options;
  const isSame =
    sealedFor.length === recipients.length &&
    sealedFor.every((field) => recipients.some((recipient) => recipient.opens(field))) &&
    recipients.every((recipient) => sealedFor.some((field) => recipient.opens(field)));
  if (!isSame) return 'other recipients';
  const hadOrigin = fields.some(({ kind }) => kind === 'origin');
  if (hadOrigin !== (options.originKey !== undefined)) return 'another origin';
  return undefined;
}

const recipientKinds: ReadonlySet<string> = new Set(['keyFile', 'passphrase', 'x25519', 'kms']);

function isRecipient(field: HeaderField): field is RecipientField {
  return recipientKinds.has(field.kind);
}

export function sourceDiffers(item: UploadItem, sourceName: string, fingerprint: string): SourceDiffers {
  return new SourceDiffers(
    `The unfinished upload ${item.id} to ${item.bucket}/${item.key} was of a source with ${item.sourceFingerprint}, and ` +
      `${sourceName} has ${fingerprint}: the two must not be mixed. Put it with --no-resume to begin anew.`,
  );
}
