import type { KeyObject } from 'node:crypto';
import { freshBytes } from '../crypto/fresh-bytes.ts';
import { throwIfAborted } from '../errors.ts';
import { equalBytes } from '../format/bytes.ts';
import type { Identity } from './identity.ts';
import { keyFileId } from './key-id.ts';
import { fieldPrefixLength, type Recipient } from './recipient.ts';
import { requireSymmetricKey } from './require-key.ts';
import { unwrapDataKey, wrapDataKey } from './wrap.ts';

/**
 * Seals for whoever has a key file.
 *
 * @param kek the file's 32 bytes
 */
export function keyFileRecipient(kek: KeyObject): Recipient {
  requireSymmetricKey(kek, 'kek');
  const keyId = keyFileId(kek);
  return {
    kind: 'keyFile',
    fieldLengthBytes: fieldPrefixLength + 68,
    opens: (field) => field.kind === 'keyFile' && equalBytes(field.keyId, keyId),
    async seal(dataKey, context, signal) {
      throwIfAborted(signal);
      const nonce = freshBytes(12);
      return { kind: 'keyFile', keyId, nonce, wrapped: wrapDataKey('keyFile', kek, nonce, dataKey, context) };
    },
  };
}

/**
 * Opens what was sealed for a key file.
 *
 * @param kek the file's 32 bytes
 */
export function keyFileIdentity(kek: KeyObject): Identity {
  requireSymmetricKey(kek, 'kek');
  const keyId = keyFileId(kek);
  return {
    kind: 'keyFile',
    symmetric: true,
    addressed: (field) => field.kind === 'keyFile' && equalBytes(field.keyId, keyId),
    async open(field, context, signal) {
      throwIfAborted(signal);
      if (field.kind !== 'keyFile') return undefined;
      return unwrapDataKey('keyFile', kek, field.nonce, field.wrapped, context);
    },
  };
}
