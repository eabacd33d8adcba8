import type { KeyObject } from 'node:crypto';
import { equalSecret } from '../crypto/equal-secret.ts';
import { coreHashOf, StreamKeys } from '../crypto/key-schedule.ts';
import { objectNameHash } from '../crypto/object-name.ts';
import { isRefusal, SealpartError } from '../errors.ts';
import { equalBytes } from '../format/bytes.ts';
import type { RecipientField } from '../format/header-fields.ts';
import { macInput, macOf, type StreamHeader } from '../format/stream-header.ts';
import { describeRecipient } from './describe-recipient.ts';
import type { BoundName } from './header-contents.ts';
import type { Identity } from './identity.ts';
import { requireOrigin } from './origin.ts';
import { printable } from './printable.ts';

/** What a reader brings to a stream. */
export interface ReaderKeys {
  /** Tried where a header addresses them, whatever their order. */
  readonly identities: readonly Identity[];
  /**
   * Lets X25519 and KMS identities open beside a key file or passphrase. To those kinds anyone can seal, so that a
   * reader with a symmetric key, who may take what opens for the work of its owners, does not use them unless told
   * (docs/format.md §8).
   */
  readonly allowPublicKeyRecipients?: boolean;
  /** Requires that the stream comes from an owner of this key. */
  readonly originKey?: KeyObject;
  /** Requires that the stream may be served under this name. */
  readonly objectName?: BoundName;
}

/** A header that proved to be what its data key's owner wrote. From here on its fields can be believed. */
export interface OpenedHeader {
  readonly header: StreamHeader;
  readonly keys: StreamKeys;
  /** 32 bytes. */
  readonly coreHash: Uint8Array;
  readonly openedBy: RecipientField['kind'];
}

interface Attempt {
  readonly identity: Identity;
  readonly field: RecipientField;
}

/** What costs nothing first, then scrypt, then what another machine has to be asked for. */
const costOf: Readonly<Record<RecipientField['kind'], number>> = { keyFile: 0, x25519: 1, passphrase: 2, kms: 3 };

/**
 * Opens a header with any of the reader's keys that it addresses, and judges what the reader requires, in the order
 * of docs/format.md §6: recipients, key_commit, header_mac, origin, object.
 *
 * @throws SealpartError `header-auth` if a recipient was addressed to the reader and none opens, or the origin is not
 *   the required one; `no-recipient`; `wrong-object`; `kms-unavailable` if nothing opened and a key service could not
 *   be asked; `bad-name` if the name asked for is none; `aborted`
 */
export async function openHeader(header: StreamHeader, access: ReaderKeys, signal: AbortSignal): Promise<OpenedHeader> {
  const { objectName } = access;
  // Hashed first: for a name that no stream can have, nobody is asked for a key.
  const nameHash = objectName === undefined ? undefined : objectNameHash(objectName.bucket, objectName.key);
  const opened = await openByRecipient(header, access, signal);
  if (access.originKey !== undefined) requireOrigin(header, access.originKey);
  // §6.25.
  if (objectName !== undefined && nameHash !== undefined) requireObject(header, objectName, nameHash);
  return opened;
}

async function openByRecipient(header: StreamHeader, access: ReaderKeys, signal: AbortSignal): Promise<OpenedHeader> {
  const coreHash = coreHashOf(header.bytes);
  const attempts = attemptsOf(header, usableIdentities(access));
  // §1.34: every one is tried, whatever the ones before it yielded.
  const failures: SealpartError[] = [];
  for (const { identity, field } of attempts) {
    try {
      const dataKey = await identity.open(field, { streamId: header.core.streamId, coreHash }, signal);
      const keys = dataKey === undefined ? undefined : provenKeys(header, dataKey);
      // §1.33: nothing else in the header is acted upon before this.
      if (keys !== undefined) return { header, keys, coreHash, openedBy: field.kind };
    } catch (error) {
      // Another recipient may still open it: what this one failed with is told only if none does (§1).
      if (!isRefusal(error) && !(error instanceof SealpartError && error.code === 'kms-unavailable')) throw error;
      failures.push(error);
    }
  }
  // §1.36: a key service that failed is told first, being worth a retry.
  throw failures.find(({ code }) => code === 'kms-unavailable') ?? failures[0] ?? unopened(header, access, attempts);
}

/** §8.3: symmetric keys exclude the others, unless the reader was told. */
function usableIdentities(access: ReaderKeys): readonly Identity[] {
  const symmetric = access.identities.filter((identity) => identity.symmetric);
  return symmetric.length === 0 || access.allowPublicKeyRecipients === true ? access.identities : symmetric;
}

function attemptsOf(header: StreamHeader, identities: readonly Identity[]): Attempt[] {
  const attempts: Attempt[] = [];
  for (const field of header.fields) {
    if (!isRecipient(field)) continue;
    for (const identity of identities) if (identity.addressed(field)) attempts.push({ identity, field });
  }
  return attempts.sort((a, b) => costOf[a.field.kind] - costOf[b.field.kind]);
}

function isRecipient(field: StreamHeader['fields'][number]): field is RecipientField {
  return field.kind in costOf;
}

/**
 * Opens a header with its data key itself, as a host does that goes on with its own upload (docs/format.md §10.7).
 *
 * @throws SealpartError `header-auth` if it is not the data key of this header
 */
export function openHeaderWithDataKey(header: StreamHeader, dataKey: KeyObject): Omit<OpenedHeader, 'openedBy'> {
  const keys = provenKeys(header, dataKey);
  if (keys !== undefined) return { header, keys, coreHash: coreHashOf(header.bytes) };
  throw new SealpartError('header-auth', 'The data key is not the one that the stream header commits to.');
}

/** The keys of a data key that satisfies both key_commit and header_mac, each compared in constant time. */
function provenKeys(header: StreamHeader, dataKey: KeyObject): StreamKeys | undefined {
  const keys = new StreamKeys(dataKey, header.core.salt);
  const committed = keys.matches(header.core.keyCommit);
  const authentic = equalSecret(keys.headerMac(macInput(header.bytes)), macOf(header.bytes));
  return committed && authentic ? keys : undefined;
}

/** §1.35: which of the two refusals it is, and what would open it. */
function unopened(header: StreamHeader, access: ReaderKeys, attempts: readonly Attempt[]): SealpartError {
  if (attempts.length > 0) {
    const tried = [...new Set(attempts.map(({ field }) => describeRecipient(field)))].join(', ');
    return new SealpartError(
      'header-auth',
      `The stream is addressed to a key that was given (${tried}), but does not open with it: the header was changed, ` +
        'or the key or passphrase is not the one that it was sealed for.',
    );
  }
  const recipients = header.fields.map(describeRecipient).filter((text) => text !== undefined);
  const given = access.identities.length === 0 ? 'No key was given' : 'None of the keys that were given opens this';
  return new SealpartError(
    'no-recipient',
    `${given}, and the stream is sealed for: ${recipients.join(', ')}. Give one of these.${unusedHint(header, access)}`,
  );
}

function unusedHint(header: StreamHeader, access: ReaderKeys): string {
  const excluded = attemptsOf(header, access.identities)[0];
  if (excluded === undefined) return '';
  return (
    ` The ${describeRecipient(excluded.field)} was given, but beside a key file or passphrase it is used only with ` +
    'allowPublicKeyRecipients, because anyone can seal for it.'
  );
}

function requireObject(header: StreamHeader, name: BoundName, nameHash: Uint8Array): void {
  const field = header.fields.find((candidate) => candidate.kind === 'object');
  const asked = printable(`${name.bucket}/${name.key}`);
  if (field === undefined) {
    throw new SealpartError(
      'wrong-object',
      `The stream is not bound to a name, and ${asked} was asked for: read it without asking for a name if you trust it.`,
    );
  }
  if (!equalBytes(field.nameHash, nameHash)) {
    throw new SealpartError(
      'wrong-object',
      `The stream was written under another name than ${asked}: it was moved or swapped. Ask for the name it was ` +
        'written under, or read it without asking for a name if you trust it.',
    );
  }
}
