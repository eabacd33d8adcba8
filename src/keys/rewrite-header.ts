import type { KeyObject } from 'node:crypto';
import { SealpartError } from '../errors.ts';
import { fieldType, type HeaderField, isRecipientType, type RecipientField } from '../format/header-fields.ts';
import { coreLength } from '../format/stream-core.ts';
import {
  type BoundName,
  type ContextEntries,
  contextFields,
  generationFields,
  judgeRecipientCounts,
  objectField,
} from './header-contents.ts';
import type { OpenedHeader } from './open-header.ts';
import { originField } from './origin.ts';
import type { Recipient } from './recipient.ts';
import { assembleHeader, type SealedHeader, sealRecipients } from './seal-header.ts';

/** What a rewrite replaces. What is absent stays as it is; null takes it away (docs/format.md §9.9). */
export interface HeaderChanges {
  /** All recipients from now on: new ones, and fields of the old header that stay. */
  readonly recipients?: readonly (Recipient | RecipientField)[];
  readonly context?: ContextEntries;
  readonly objectName?: BoundName | null;
  readonly originKey?: KeyObject | null;
}

const mostGenerations = 2n ** 64n - 1n;

/**
 * The same stream's next header: for rotating keys, or giving it another name, without touching a segment
 * (docs/format.md §1). The core and its length stay, and optional fields unknown here are carried over (docs/format.md §1.37).
 *
 * A former recipient keeps the data key (§9.7): to shut one out, encrypt again.
 *
 * @throws SealpartError `bad-parameters` if the fields do not fit into the header's length; otherwise as sealHeader
 */
export async function rewriteHeader(
  opened: OpenedHeader | SealedHeader,
  changes: HeaderChanges,
  signal: AbortSignal,
): Promise<SealedHeader> {
  const { header, keys, coreHash } = opened;
  const { fields, core } = header;
  const next: HeaderField[] = [...generationFields(nextGeneration(fields))];
  next.push(...(changes.context === undefined ? ofKind(fields, 'context') : contextFields(changes.context)));
  next.push(...replaced(ofKind(fields, 'object'), changes.objectName, objectField));
  if (changes.recipients === undefined) {
    next.push(...fields.filter((field) => isRecipientType(fieldType(field))));
  } else {
    const kept = changes.recipients.filter((recipient): recipient is RecipientField => !('seal' in recipient));
    const added = changes.recipients.filter((recipient): recipient is Recipient => 'seal' in recipient);
    judgeRecipientCounts(changes.recipients.map(({ kind }) => kind));
    if (!kept.every((field) => fields.includes(field))) throw foreignRecipient();
    next.push(...kept, ...(await sealRecipients(added, keys.dataKey, { streamId: core.streamId, coreHash }, signal)));
  }
  next.push(
    ...replaced(ofKind(fields, 'origin'), changes.originKey, (key) =>
      originField(key, core.streamId, header.bytes.subarray(0, coreLength)),
    ),
  );
  next.push(...fields.filter((field) => field.kind === 'opaque' && !isRecipientType(field.type)));
  return assembleHeader(core, keys, next);
}

function ofKind(fields: readonly HeaderField[], kind: HeaderField['kind']): HeaderField[] {
  return fields.filter((field) => field.kind === kind);
}

function replaced<T>(
  old: readonly HeaderField[],
  change: T | null | undefined,
  make: (value: T) => HeaderField,
): readonly HeaderField[] {
  if (change === undefined) return old;
  return change === null ? [] : [make(change)];
}

function foreignRecipient(): SealpartError {
  return new SealpartError(
    'bad-parameters',
    'A recipient that shall stay is not one of this header: what is wrapped for one stream opens no other.',
  );
}

function nextGeneration(fields: readonly HeaderField[]): bigint {
  const generation = fields.find((field) => field.kind === 'generation')?.generation ?? 0n;
  if (generation < mostGenerations) return generation + 1n;
  throw new SealpartError('bad-parameters', 'The header was rewritten as often as can be counted: encrypt it again.');
}
