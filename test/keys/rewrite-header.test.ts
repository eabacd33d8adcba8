import { describe, expect, test } from 'vitest';
import type { HeaderField, RecipientField } from '../../src/format/header-fields.ts';
import { coreLength } from '../../src/format/stream-core.ts';
import { parseStreamHeader } from '../../src/format/stream-header.ts';
import { keyFileIdentity, keyFileRecipient } from '../../src/keys/key-file.ts';
import { type OpenedHeader, openHeader } from '../../src/keys/open-header.ts';
import { type HeaderChanges, rewriteHeader } from '../../src/keys/rewrite-header.ts';
import { assembleHeader, type SealHeaderRequest, sealHeader } from '../../src/keys/seal-header.ts';
import { failureOf, keyFileReader, keyFileWriter, keyOf, never, smallParameters, someKek } from './fixtures.ts';

const extra: readonly HeaderField[] = [
  { kind: 'opaque', type: 0x20, value: Uint8Array.of(1, 2) },
  { kind: 'opaque', type: 0x81, value: Uint8Array.of(3) },
  { kind: 'opaque', type: 0xff, value: new Uint8Array(0) },
];
const objectName = { bucket: 'b', key: 'k' };

/** A header with every kind of field that a rewrite meets. */
async function opened(changes: Partial<SealHeaderRequest> = {}): Promise<OpenedHeader> {
  const request = { parameters: smallParameters, recipients: keyFileWriter, context: { a: '1' }, objectName };
  const sealed = await sealHeader({ ...request, originKey: keyOf(9), ...changes }, never());
  const { header } = assembleHeader(sealed.header.core, sealed.keys, [...sealed.header.fields, ...extra]);
  return await openHeader(header, keyFileReader, never());
}

const rewrite = (from: OpenedHeader, changes: HeaderChanges) => rewriteHeader(from, changes, never());
const kinds = (fields: readonly HeaderField[]): string[] => fields.map(({ kind }) => kind);

describe('rewriting a header', () => {
  test('leaves all that is not named, and counts (§1.37)', async () => {
    const before = await opened();
    const after = await rewrite(before, {});
    const generation = (g: bigint): HeaderField => ({ kind: 'generation', generation: g });
    expect(after.header.bytes.subarray(0, coreLength)).toEqual(before.header.bytes.subarray(0, coreLength));
    expect(after.header.bytes.length).toBe(before.header.bytes.length);
    const [context, ...rest] = before.header.fields;
    expect(after.header.fields).toEqual([context, generation(1n), ...rest]);
    const again = await rewrite(await openHeader(after.header, keyFileReader, never()), {});
    expect(again.header.fields).toEqual([context, generation(2n), ...rest]);
    expect(again.keys.dataKey.equals(before.keys.dataKey)).toBe(true);
  });

  test('replaces recipients: the new key opens, the old one does not (§9.9)', async () => {
    const before = await opened();
    const after = parseStreamHeader(
      (await rewrite(before, { recipients: [keyFileRecipient(keyOf(0x61))] })).header.bytes,
    );
    await failureOf(openHeader(after, keyFileReader, never()), 'no-recipient');
    const access = { identities: [keyFileIdentity(keyOf(0x61))], originKey: keyOf(9), objectName };
    const reopened = await openHeader(after, access, never());
    expect(reopened.keys.dataKey.equals(before.keys.dataKey)).toBe(true);
    expect(reopened.coreHash).toEqual(before.coreHash);
    // A recipient of an unknown kind is a recipient all the same: it went with the others. Optional fields stay.
    expect(after.fields.filter(({ kind }) => kind === 'opaque')).toEqual(extra.slice(1));
  });

  test('keeps recipients of the old header beside new ones', async () => {
    const before = await opened();
    const old = before.header.fields.find((field) => field.kind === 'keyFile') as RecipientField;
    const { header } = await rewrite(before, { recipients: [old, keyFileRecipient(keyOf(0x61))] });
    for (const kek of [someKek, keyOf(0x61)]) {
      const access = { identities: [keyFileIdentity(kek)] };
      expect((await openHeader(header, access, never())).openedBy).toBe('keyFile');
    }
    const foreign = (await opened()).header.fields.find((field) => field.kind === 'keyFile') as RecipientField;
    await failureOf(rewrite(before, { recipients: [foreign] }), 'bad-parameters');
    await failureOf(rewrite(before, { recipients: [] }), 'bad-parameters');
    const many = Array.from({ length: 17 }, () => old);
    await failureOf(rewrite(before, { recipients: many }), 'bad-parameters');
  });

  test('replaces, adds and takes away context, name and origin', async () => {
    const before = await opened();
    const moved = await rewrite(before, {
      context: { b: '2', c: '3' },
      objectName: { bucket: 'b', key: 'moved' },
      originKey: keyOf(10),
    });
    const access = { ...keyFileReader, originKey: keyOf(10), objectName: { bucket: 'b', key: 'moved' } };
    const reopened = await openHeader(parseStreamHeader(moved.header.bytes), access, never());
    expect(reopened.header.fields.filter(({ kind }) => kind === 'context')).toEqual([
      { kind: 'context', name: 'b', value: '2' },
      { kind: 'context', name: 'c', value: '3' },
    ]);
    const bare = await rewrite(reopened, { context: {}, objectName: null, originKey: null });
    expect(kinds(bare.header.fields)).toEqual(['generation', 'keyFile', 'opaque', 'opaque', 'opaque']);
  });

  test('refuses what does not fit, and a count that ends', async () => {
    const before = await opened();
    await failureOf(rewrite(before, { context: { a: 'x'.repeat(1000) } }), 'bad-parameters');
    await failureOf(rewriteHeader(before, { recipients: keyFileWriter }, AbortSignal.abort()), 'aborted');
    const fields: HeaderField[] = [{ kind: 'generation', generation: 2n ** 64n - 1n }, ...before.header.fields];
    const { header } = assembleHeader(before.header.core, before.keys, fields);
    const last = await openHeader(header, keyFileReader, never());
    await failureOf(rewrite(last, {}), 'bad-parameters');
  });
});
