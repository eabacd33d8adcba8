import type { KeyObject } from 'node:crypto';
import { equalSecret } from '../crypto/equal-secret.ts';
import { hkdfExpand, hkdfExtract, hmacSha256 } from '../crypto/hkdf.ts';
import { SealpartError } from '../errors.ts';
import { equalBytes, textBytes } from '../format/bytes.ts';
import type { OriginField } from '../format/header-fields.ts';
import { coreLength } from '../format/stream-core.ts';
import type { StreamHeader } from '../format/stream-header.ts';
import { originKeyId } from './key-id.ts';
import { requireSymmetricKey } from './require-key.ts';

const label = textBytes('sealpart/2 origin');

function originMac(originKey: KeyObject, streamId: Uint8Array, core: Uint8Array): Uint8Array {
  return hmacSha256(hkdfExpand(hkdfExtract(streamId, originKey), label), core);
}

/**
 * Says that a stream comes from someone who has the origin key, which decrypts nothing (docs/format.md §8.1).
 *
 * @param core bytes 0..103 of the stream header
 */
export function originField(originKey: KeyObject, streamId: Uint8Array, core: Uint8Array): OriginField {
  requireSymmetricKey(originKey, 'originKey');
  return { kind: 'origin', keyId: originKeyId(originKey), mac: originMac(originKey, streamId, core) };
}

/**
 * What a reader that was given an origin key requires (docs/format.md §8.2).
 *
 * @throws SealpartError `header-auth` if the field is missing or was made with another key
 */
export function requireOrigin(header: StreamHeader, originKey: KeyObject): void {
  requireSymmetricKey(originKey, 'originKey');
  const field = header.fields.find((candidate) => candidate.kind === 'origin');
  if (field === undefined) {
    throw new SealpartError(
      'header-auth',
      'The stream does not say where it comes from, and an origin key was given: whoever wrote it did not use one.',
    );
  }
  const mac = originMac(originKey, header.core.streamId, header.bytes.subarray(0, coreLength));
  if (!equalSecret(field.mac, mac) || !equalBytes(field.keyId, originKeyId(originKey))) {
    throw new SealpartError(
      'header-auth',
      'The stream does not come from an owner of the origin key that was given: check that it is the right key.',
    );
  }
}
