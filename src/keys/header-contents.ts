import type { KeyObject } from 'node:crypto';
import { objectNameHash } from '../crypto/object-name.ts';
import { SealpartError } from '../errors.ts';
import { textBytes } from '../format/bytes.ts';
import {
  type ContextField,
  type GenerationField,
  maxKmsRecipients,
  maxRecipients,
  type ObjectField,
} from '../format/header-fields.ts';
import { headerLenRange } from '../format/stream-parameters.ts';

/** Names and values for whoever reads the header; not secret, and authentic once the header opened. */
export type ContextEntries = Readonly<Record<string, string>> | ReadonlyMap<string, string>;

/** Under what name a stream may be served. */
export interface BoundName {
  readonly bucket: string;
  readonly key: string;
}

/** What a header carries beside the core and the recipients (docs/format.md §1). */
export interface HeaderContents {
  readonly context?: ContextEntries | undefined;
  /** Readers that ask for an object by name refuse the stream under any other one. */
  readonly objectName?: BoundName | undefined;
  /** 32 bytes that writers and readers share: readers that have it require it (§8). */
  readonly originKey?: KeyObject | undefined;
}

function entriesOf(context: ContextEntries): (readonly [string, string])[] {
  return context instanceof Map ? [...context] : Object.entries(context);
}

/** @throws SealpartError `bad-parameters` for a name or value that no header can hold */
export function contextFields(context: ContextEntries): ContextField[] {
  return entriesOf(context).map(([name, value]) => {
    const length = textBytes(name).length + textBytes(value).length;
    if (name === '') throw refused('A context entry needs a name.');
    if (!name.isWellFormed() || !value.isWellFormed()) throw refused('A context entry is not valid Unicode text.');
    // Judged here, because lengths inside a field have 16 bits; whether all of them fit is for the header to say.
    if (length > headerLenRange.most) {
      throw refused(`A context entry has ${length} bytes, and a header ${headerLenRange.most} at most: shorten it.`);
    }
    return { kind: 'context', name, value };
  });
}

/** Bytes of names and values. */
export function contextLengthBytes(context: ContextEntries): number {
  return contextFields(context).reduce((sum, f) => sum + textBytes(f.name).length + textBytes(f.value).length, 0);
}

/** @throws SealpartError `bad-name` */
export function objectField(name: BoundName): ObjectField {
  return { kind: 'object', nameHash: objectNameHash(name.bucket, name.key) };
}

/** Generation 0 is written by leaving the field out. */
export function generationFields(generation: bigint): GenerationField[] {
  return generation === 0n ? [] : [{ kind: 'generation', generation }];
}

/**
 * The rules of §1 about how many recipients stand in a header.
 *
 * @throws SealpartError `bad-parameters`
 */
export function judgeRecipientCounts(kinds: readonly string[]): void {
  const count = (kind: string): number => kinds.filter((other) => other === kind).length;
  if (kinds.length === 0) {
    throw refused('A stream needs a recipient: give a key file, a passphrase, a public key or a KMS key.');
  }
  if (kinds.length > maxRecipients) {
    throw refused(
      `A stream has ${maxRecipients} recipients at most, and ${kinds.length} were given: leave some out, or give ` +
        'a key to several readers.',
    );
  }
  if (count('passphrase') > 1) throw refused('A stream has one passphrase at most: leave out the others.');
  if (count('kms') > maxKmsRecipients) {
    throw refused(`A stream has ${maxKmsRecipients} KMS keys at most, and ${count('kms')} were given: leave some out.`);
  }
}

function refused(message: string): SealpartError {
  return new SealpartError('bad-parameters', message);
}
