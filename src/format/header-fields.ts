import { SealpartError } from '../errors.ts';
import { compareBytes, concatBytes, textBytes } from './bytes.ts';
import { readU16, readU64, u8, u16, u64 } from './little-endian.ts';

/** Field types of docs/format.md §1. */
export const fieldTypes = {
  context: 0x01,
  generation: 0x02,
  object: 0x03,
  keyFile: 0x10,
  passphrase: 0x11,
  kms: 0x12,
  x25519: 0x13,
  origin: 0x80,
} as const;

export interface ContextField {
  readonly kind: 'context';
  readonly name: string;
  readonly value: string;
}
export interface GenerationField {
  readonly kind: 'generation';
  readonly generation: bigint;
}
export interface ObjectField {
  readonly kind: 'object';
  /** 32 bytes: the hash of the name that the stream may be served under. */
  readonly nameHash: Uint8Array;
}
export interface KeyFileRecipient {
  readonly kind: 'keyFile';
  readonly keyId: Uint8Array;
  readonly nonce: Uint8Array;
  readonly wrapped: Uint8Array;
}
export interface PassphraseRecipient {
  readonly kind: 'passphrase';
  readonly log2N: number;
  readonly salt: Uint8Array;
  readonly nonce: Uint8Array;
  readonly wrapped: Uint8Array;
}
export interface KmsRecipient {
  readonly kind: 'kms';
  readonly keyArn: string;
  readonly ciphertextBlob: Uint8Array;
  readonly nonce: Uint8Array;
  readonly wrapped: Uint8Array;
}
export interface X25519Recipient {
  readonly kind: 'x25519';
  readonly enc: Uint8Array;
  readonly keyId: Uint8Array;
  readonly wrapped: Uint8Array;
}
export interface OriginField {
  readonly kind: 'origin';
  readonly keyId: Uint8Array;
  readonly mac: Uint8Array;
}
/** A recipient of a kind unknown here (0x14..0x3f), or an optional field (0x81..0xff): kept as it is. */
export interface OpaqueField {
  readonly kind: 'opaque';
  readonly type: number;
  readonly value: Uint8Array;
}

export type RecipientField = KeyFileRecipient | PassphraseRecipient | KmsRecipient | X25519Recipient;
export type HeaderField = ContextField | GenerationField | ObjectField | RecipientField | OriginField | OpaqueField;

export const maxRecipients = 16;
export const maxKmsRecipients = 4;
export const scryptLog2NRange = { least: 10, most: 20 } as const;
const scryptR = 8;
const scryptP = 1;
const maxArnLength = 2048;
const maxBlobLength = 6144;

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function fieldType(field: HeaderField): number {
  return field.kind === 'opaque' ? field.type : fieldTypes[field.kind];
}

export function isRecipientType(type: number): boolean {
  return type >= 0x10 && type <= 0x3f;
}

/** The fields' bytes, in the ascending order that §1 asks for: by type, context entries by name. */
export function encodeFields(fields: readonly HeaderField[]): Uint8Array {
  const ordered = fields.toSorted((a, b) => {
    const byType = fieldType(a) - fieldType(b);
    if (byType !== 0 || a.kind !== 'context' || b.kind !== 'context') return byType;
    return compareBytes(textBytes(a.name), textBytes(b.name));
  });
  return concatBytes(
    ...ordered.flatMap((field) => {
      const value = encodeValue(field);
      return [u8(fieldType(field)), u16(value.length), value];
    }),
  );
}

function encodeValue(field: HeaderField): Uint8Array {
  switch (field.kind) {
    case 'context':
      return concatBytes(prefixed(textBytes(field.name)), prefixed(textBytes(field.value)));
    case 'generation':
      return u64(field.generation);
    case 'object':
      return field.nameHash;
    case 'keyFile':
      return concatBytes(field.keyId, field.nonce, field.wrapped);
    case 'passphrase':
      return concatBytes(u8(field.log2N), u8(scryptR), u8(scryptP), field.salt, field.nonce, field.wrapped);
    case 'kms':
      return concatBytes(prefixed(textBytes(field.keyArn)), prefixed(field.ciphertextBlob), field.nonce, field.wrapped);
    case 'x25519':
      return concatBytes(field.enc, field.keyId, field.wrapped);
    case 'origin':
      return concatBytes(field.keyId, field.mac);
    case 'opaque':
      return field.value;
  }
}

function prefixed(bytes: Uint8Array): Uint8Array {
  return concatBytes(u16(bytes.length), bytes);
}

/**
 * Reads all fields of a header and judges their order, counts and contents (§1, §6). Nothing here is authenticated.
 *
 * @throws SealpartError `bad-header`, `unsupported`
 */
export function parseFields(bytes: Uint8Array): HeaderField[] {
  const fields: HeaderField[] = [];
  const counts = new Map<number, number>();
  let recipients = 0;
  let last: HeaderField | undefined;
  let offset = 0;
  while (offset < bytes.length) {
    const type = bytes[offset]!;
    // §1.17, §1.16: unknown recipients and optional fields pass, with values that nobody judges.
    judgeType(type);
    if (bytes.length - offset < 3) throw bad('the last field has no length');
    const length = readU16(bytes, offset + 1);
    if (bytes.length - offset - 3 < length) throw bad('a field is longer than what is left of the fields');
    const field = parseField(type, bytes.slice(offset + 3, offset + 3 + length));
    judgeOrder(last, field);
    const count = (counts.get(type) ?? 0) + 1;
    counts.set(type, count);
    judgeCount(type, count);
    // §1.15.
    if (isRecipientType(type) && ++recipients > maxRecipients)
      throw bad(`it has more than ${maxRecipients} recipients`);
    fields.push(field);
    last = field;
    offset += 3 + length;
  }
  if (recipients === 0) throw bad('it has no recipient');
  return fields;
}

function judgeType(type: number): void {
  const known = (Object.values(fieldTypes) as number[]).includes(type) || isRecipientType(type) || type > 0x80;
  if (!known) {
    throw new SealpartError('unsupported', `This program does not know the header field 0x${type.toString(16)}.`);
  }
}

function judgeOrder(last: HeaderField | undefined, next: HeaderField): void {
  if (last === undefined) return;
  // §1.11.
  if (fieldType(next) < fieldType(last)) throw bad('its fields are not in ascending order');
  // §1.12.
  if (last.kind === 'context' && next.kind === 'context') {
    if (compareBytes(textBytes(next.name), textBytes(last.name)) <= 0) {
      throw bad('context entries are not unique and in ascending order');
    }
  }
}

function judgeCount(type: number, count: number): void {
  const single: readonly number[] = [
    fieldTypes.generation,
    fieldTypes.object,
    fieldTypes.passphrase,
    fieldTypes.origin,
  ];
  // §1.14.
  if (single.includes(type) && count > 1) throw bad(`the field 0x${type.toString(16)} stands in it twice`);
  if (type === fieldTypes.kms && count > maxKmsRecipients) throw bad(`it has more than ${maxKmsRecipients} KMS keys`);
}

function parseField(type: number, value: Uint8Array): HeaderField {
  switch (type) {
    case fieldTypes.context:
      return parseContext(value);
    case fieldTypes.generation:
      exactly(value, 8, 'generation');
      return { kind: 'generation', generation: readU64(value, 0) };
    case fieldTypes.object:
      exactly(value, 32, 'object');
      return { kind: 'object', nameHash: value };
    case fieldTypes.keyFile:
      exactly(value, 68, 'key file recipient');
      return {
        kind: 'keyFile',
        keyId: value.subarray(0, 8),
        nonce: value.subarray(8, 20),
        wrapped: value.subarray(20),
      };
    case fieldTypes.passphrase:
      return parsePassphrase(value);
    case fieldTypes.kms:
      return parseKms(value);
    case fieldTypes.x25519:
      exactly(value, 88, 'X25519 recipient');
      return {
        kind: 'x25519',
        enc: value.subarray(0, 32),
        keyId: value.subarray(32, 40),
        wrapped: value.subarray(40),
      };
    case fieldTypes.origin:
      exactly(value, 40, 'origin');
      return { kind: 'origin', keyId: value.subarray(0, 8), mac: value.subarray(8) };
    default:
      return { kind: 'opaque', type, value };
  }
}

function parseContext(value: Uint8Array): ContextField {
  const [name, afterName] = takePrefixed(value, 0, 'a context entry');
  const [text, end] = takePrefixed(value, afterName, 'a context entry');
  if (end !== value.length) throw bad('a context entry has bytes left over');
  if (name.length === 0) throw bad('a context entry has no name');
  return { kind: 'context', name: decodeText(name), value: decodeText(text) };
}

function parsePassphrase(value: Uint8Array): PassphraseRecipient {
  exactly(value, 79, 'passphrase recipient');
  // §1.19.
  const log2N = value[0]!;
  // Judged here, before anything is derived: 2^30 rounds would ask the reader for a terabyte of memory.
  if (log2N < scryptLog2NRange.least || log2N > scryptLog2NRange.most || value[1] !== scryptR || value[2] !== scryptP) {
    throw bad('the passphrase recipient asks for scrypt parameters that are not allowed');
  }
  return {
    kind: 'passphrase',
    log2N,
    salt: value.subarray(3, 19),
    nonce: value.subarray(19, 31),
    wrapped: value.subarray(31),
  };
}

function parseKms(value: Uint8Array): KmsRecipient {
  const [arn, afterArn] = takePrefixed(value, 0, 'a KMS recipient');
  if (arn.length < 1 || arn.length > maxArnLength) throw bad('the ARN of a KMS recipient has a length out of range');
  const [blob, afterBlob] = takePrefixed(value, afterArn, 'a KMS recipient');
  if (blob.length < 1 || blob.length > maxBlobLength)
    throw bad('the blob of a KMS recipient has a length out of range');
  exactly(value.subarray(afterBlob), 60, 'KMS recipient');
  return {
    kind: 'kms',
    keyArn: decodeText(arn),
    ciphertextBlob: blob,
    nonce: value.subarray(afterBlob, afterBlob + 12),
    wrapped: value.subarray(afterBlob + 12),
  };
}

function takePrefixed(value: Uint8Array, offset: number, what: string): [bytes: Uint8Array, end: number] {
  if (value.length - offset < 2) throw bad(`${what} ends early`);
  const end = offset + 2 + readU16(value, offset);
  if (end > value.length) throw bad(`${what} has a length that points past its end`);
  return [value.subarray(offset + 2, end), end];
}

function decodeText(bytes: Uint8Array): string {
  // §1.13.
  try {
    return strictUtf8.decode(bytes);
  } catch (cause) {
    throw new SealpartError('bad-header', 'The stream header is not well-formed: a text is not UTF-8.', { cause });
  }
}

function exactly(value: Uint8Array, length: number, what: string): void {
  // §1.10.
  if (value.length !== length) throw bad(`the ${what} has ${value.length} bytes, not ${length}`);
}

function bad(what: string): SealpartError {
  return new SealpartError('bad-header', `The stream header is not well-formed: ${what}.`);
}
