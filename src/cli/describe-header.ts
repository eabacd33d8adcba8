import { objectNameHash } from '../crypto/object-name.ts';
import { equalBytes, toHex } from '../format/bytes.ts';
import type { HeaderField } from '../format/header-fields.ts';
import { sizeText } from '../format/profile.ts';
import type { StreamHeader } from '../format/stream-header.ts';
import { layouts } from '../format/stream-parameters.ts';
import { describeRecipient } from '../keys/describe-recipient.ts';
import { printable } from '../keys/printable.ts';
import type { ObjectName } from '../objects/object-store.ts';
import { contextOf } from './reading.ts';
import { digestName, suiteName } from './write-flags.ts';

/** How a stream is bound to a name, as far as that can be said without a key. */
export type Binding = 'none' | 'some-name' | 'this-name' | 'another-name';

/** @param asked the name under which the stream was found, if it was found under one */
export function bindingOf({ fields }: StreamHeader, asked: ObjectName | undefined): Binding {
  const field = fields.find((candidate) => candidate.kind === 'object');
  if (field === undefined) return 'none';
  if (asked === undefined) return 'some-name';
  return equalBytes(field.nameHash, objectNameHash(asked.bucket, asked.key)) ? 'this-name' : 'another-name';
}

const bindingTexts: Readonly<Record<Binding, string>> = {
  none: 'bound to no name',
  'some-name': 'bound to a name, which decrypt takes as --object-name',
  'this-name': 'bound to this name',
  'another-name': 'bound to ANOTHER NAME: get refuses it here',
};

/** A stream header as JSON. */
export function headerFacts(header: StreamHeader, binding: Binding): Record<string, unknown> {
  const { parameters: p, streamId } = header.core;
  const origin = header.fields.find((field) => field.kind === 'origin');
  return {
    streamId: toHex(streamId),
    suite: suiteName(p.suite),
    digest: digestName(p.digestAlg),
    layout: p.layout === layouts.scheduled ? 'scheduled' : 'indexed',
    frameBytes: 2 ** p.frameSizeLog2,
    segmentBytes: 2 ** p.segmentSizeLog2,
    maxSegmentBytes: 2 ** p.segmentSizeMaxLog2,
    growEvery: p.growEvery,
    compression: p.compression === 1 ? 'zstd' : 'none',
    headerBytes: p.headerLen,
    generation: generationOf(header),
    recipients: header.fields.map(recipientFacts).filter((facts) => facts !== undefined),
    context: contextOf(header.fields),
    binding,
    originKeyId: origin === undefined ? null : toHex(origin.keyId),
  };
}

/** A stream header in words. */
export function headerLines(header: StreamHeader, binding: Binding): string[] {
  const { parameters: p, streamId } = header.core;
  const grows = p.growEvery === 0 ? '' : `, doubling every ${p.growEvery} up to ${sizeText(2 ** p.segmentSizeMaxLog2)}`;
  const layout = p.layout === layouts.scheduled ? '0 (scheduled)' : '1 (indexed)';
  const origin = header.fields.find((field) => field.kind === 'origin');
  const recipients = header.fields.map(describeRecipient).filter((text) => text !== undefined);
  const context = Object.entries(contextOf(header.fields));
  return [
    `stream id    ${toHex(streamId)}`,
    `suite        ${suiteName(p.suite)}, digest ${digestName(p.digestAlg)}, layout ${layout}`,
    `sizes        frames of ${sizeText(2 ** p.frameSizeLog2)}, segments of ${sizeText(2 ** p.segmentSizeLog2)}${grows}`,
    `compression  ${p.compression === 1 ? 'zstd, where a segment gets smaller by it' : 'none'}`,
    `header       ${p.headerLen} bytes, generation ${generationOf(header)}`,
    ...recipients.map((text) => `recipient    ${text}`),
    ...context.map(([name, value]) => `context      ${printable(name)} = ${printable(value)}`),
    `object       ${bindingTexts[binding]}`,
    `origin       ${origin === undefined ? 'not given' : `key ${toHex(origin.keyId)}`}`,
  ];
}

/** A number of 64 bits; as text where JSON's numbers would round it. */
function generationOf({ fields }: StreamHeader): number | string {
  const generation = fields.find((field) => field.kind === 'generation')?.generation ?? 0n;
  return generation <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(generation) : String(generation);
}

function recipientFacts(field: HeaderField): Record<string, unknown> | undefined {
  switch (field.kind) {
    case 'keyFile':
      return { kind: 'key-file', keyId: toHex(field.keyId) };
    case 'passphrase':
      return { kind: 'passphrase', log2N: field.log2N };
    case 'kms':
      return { kind: 'kms', keyArn: field.keyArn };
    case 'x25519':
      return { kind: 'x25519', keyId: toHex(field.keyId) };
    default:
      return describeRecipient(field) === undefined ? undefined : { kind: 'unknown' };
  }
}
