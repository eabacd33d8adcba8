import type { HeaderField, RecipientField } from '../../format/header-fields.ts';
import { digestAlgs, suites } from '../../format/stream-parameters.ts';
import { contextFields } from '../../keys/header-contents.ts';
import { endedStates, type UploadItem, type UploadManifest } from '../../manifest/upload-manifest.ts';
import type { ObjectName, ObjectStore } from '../../objects/object-store.ts';
import type { WriteOptions } from '../seal-stream.ts';
import { corrupt, type NamedManifest, readHeader } from './restore-stream.ts';
import { SourceDiffers } from './source-differs.ts';
import { intentOf, type UploadIntent } from './upload-intent.ts';

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
  if (contextText(fields) !== contextText(contextFields(options.context ?? {}))) return 'another context';
  const hadOrigin = fields.some(({ kind }) => kind === 'origin');
  if (hadOrigin !== (options.originKey !== undefined)) return 'another origin';
  return undefined;
}

function contextText(fields: readonly HeaderField[]): string {
  const entries = fields.flatMap((field) => (field.kind === 'context' ? [[field.name, field.value]] : []));
  return JSON.stringify(entries.sort(([a], [b]) => (a! < b! ? -1 : 1)));
}

const recipientKinds: ReadonlySet<string> = new Set(['keyFile', 'passphrase', 'x25519', 'kms']);

function isRecipient(field: HeaderField): field is RecipientField {
  return recipientKinds.has(field.kind);
}

/** Why uploads to a store are not taken over; undefined if they are. */
export function whyNotHere({ limits }: ObjectStore): string | undefined {
  // A part that its former owner still sends could take the place of ours, and Complete would not notice.
  return limits.checksEtags ? undefined : 'the store does not compare the parts that an object is made of';
}

/**
 * What an upload is of, as it was recorded; whether it was really recorded so is for the head's MAC to say.
 *
 * @throws SealpartError `manifest-corrupt` if it cannot be read, or contradicts the rest of the item
 */
export function requireIntent(item: UploadItem, store: ObjectStore, whose: NamedManifest): UploadIntent {
  const intent = intentOf(item);
  if (intent === undefined) throw corrupt(item, whose, 'what it is of cannot be read');
  if (intent.store !== store.name || intent.path !== item.sourcePath) {
    throw corrupt(item, whose, 'it names another store or source than it was begun with');
  }
  return intent;
}

export function sourceDiffers(
  item: UploadItem,
  { source, path }: UploadIntent,
  sourceName: string,
  fingerprint: string | undefined,
): SourceDiffers {
  const then = path === '' ? `a source with ${source}` : `${path} with ${source}`;
  return new SourceDiffers(
    `The unfinished upload ${item.id} to ${item.bucket}/${item.key} was of ${then}, and ${sourceName} has ` +
      `${fingerprint ?? 'no fingerprint'}: the two must not be mixed. Put it with --no-resume to begin anew.`,
  );
}
