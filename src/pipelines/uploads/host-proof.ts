import type { KeyObject } from 'node:crypto';
import { equalSecret } from '../../crypto/equal-secret.ts';
import { hmacSha256 } from '../../crypto/hkdf.ts';
import { freshHostKey } from '../../crypto/resume-item.ts';
import { SealpartError } from '../../errors.ts';
import { textBytes } from '../../format/bytes.ts';
import type { HostKeys } from '../../manifest/host-keys.ts';
import type { NewUpload, UploadItem } from '../../manifest/upload-manifest.ts';
import { corrupt, type NamedManifest } from './restore-stream.ts';
import { encodeIntent, intentOf, type UploadIntent } from './upload-intent.ts';

const label = 'sealpart/2 upload begun on this host';

/** Under this id a host keeps the key that belongs to no upload, and stays. No stream has it: ids are random. */
const hostId = '0'.repeat(32);

/**
 * What only this host can say of an upload that it begins. The head's MAC proves that its writer knows the stream's data
 * key; so does everybody who could ever open that stream. One of them who can write the manifest might otherwise have us
 * go on with an old stream, and encrypt under a key of theirs.
 */
export async function hostProof(
  hostKeys: HostKeys,
  upload: Pick<NewUpload, 'id' | 'bucket' | 'key'>,
  intent: UploadIntent,
  signal: AbortSignal,
): Promise<string> {
  return proofOf(await hostKey(hostKeys, signal), upload, intent).toString('hex');
}

/** @throws SealpartError `manifest-corrupt` if the upload was not begun by a holder of this host's key */
export async function requireHostProof(
  hostKeys: HostKeys,
  item: UploadItem,
  whose: NamedManifest,
  signal: AbortSignal,
): Promise<void> {
  const intent = intentOf(item);
  const key = await hostKeys.find(hostId, signal);
  const proof = Buffer.from(intent?.proof ?? '', 'hex');
  if (intent !== undefined && key !== undefined && equalSecret(proofOf(key, item, intent), proof)) return;
  throw corrupt(item, whose, 'it was not begun on this host, or the key that this host began it with is lost');
}

function proofOf(
  key: KeyObject,
  { id, bucket, key: objectKey }: Pick<NewUpload, 'id' | 'bucket' | 'key'>,
  intent: UploadIntent,
): Buffer {
  const text = JSON.stringify([label, id, bucket, objectKey, encodeIntent({ ...intent, proof: '' })]);
  return Buffer.from(hmacSha256(key, textBytes(text)));
}

async function hostKey(hostKeys: HostKeys, signal: AbortSignal): Promise<KeyObject> {
  const found = await hostKeys.find(hostId, signal);
  if (found !== undefined) return found;
  try {
    const fresh = freshHostKey();
    await hostKeys.keep(hostId, fresh, signal);
    return fresh;
  } catch (error) {
    // Another run of this host was faster.
    const kept = error instanceof SealpartError && error.code === 'exists' && (await hostKeys.find(hostId, signal));
    if (kept) return kept;
    throw error;
  }
}
