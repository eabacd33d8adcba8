import { toHex } from '../format/bytes.ts';
import { type HeaderField, isRecipientType } from '../format/header-fields.ts';
import { printable } from './printable.ts';

/** A recipient in words, for messages and listings; undefined for a field that is none. Nothing in it is secret. */
export function describeRecipient(field: HeaderField): string | undefined {
  switch (field.kind) {
    case 'keyFile':
      return `key file ${toHex(field.keyId)}`;
    case 'passphrase':
      return `passphrase (scrypt N = 2^${field.log2N})`;
    case 'kms':
      return `KMS key ${printable(field.keyArn)}`;
    case 'x25519':
      return `X25519 key ${toHex(field.keyId)}`;
    case 'opaque':
      return isRecipientType(field.type) ? `recipient of unknown kind 0x${field.type.toString(16)}` : undefined;
    default:
      return undefined;
  }
}
