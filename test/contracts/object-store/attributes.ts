import { expect, test } from 'vitest';
import type { ObjectAttributes } from '../../../src/objects/object-store.ts';
import { beginUpload, collect, patternBytes, putBytes, quiet, storeParts } from './bytes.ts';
import { expectCode, type StoreGround } from './ground.ts';

const printable = Array.from({ length: 94 }, (_, index) => String.fromCharCode(0x21 + index)).join('');

/** What every store gives back as it was given. */
const kept: readonly (readonly [string, ObjectAttributes])[] = [
  [
    'values with everything that can be printed',
    { metadata: { one: `${printable} ${printable}`, two: '=?utf-8?q?x?=' } },
  ],
  ['an empty value', { metadata: { empty: '', more: 'x' } }],
  ['names of many kinds', { metadata: { one: '1', 'with-hyphen': 'a, b', '0': '2', 'dot.ted': '3' } }],
  ['nearly 2 KiB', { metadata: { one: 'x'.repeat(1000), two: 'y'.repeat(1000) } }],
  ['many names', { metadata: Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`name-${i}`, `v${i}`])) }],
];

const keptTags: readonly (readonly [string, ObjectAttributes])[] = [
  ['ten tags', { tags: Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`tag ${i}`, `value ${i}`])) }],
  ['long ones', { tags: { ['k'.repeat(128)]: 'v'.repeat(256) } }],
  ['all signs that are allowed', { tags: { 'a+-=._:/@ b': 'c+-=._:/@ d' } }],
  ['an empty value', { tags: { empty: '' } }],
];

const refused: readonly (readonly [string, ObjectAttributes])[] = [
  ['more than 2 KiB', { metadata: { one: 'x'.repeat(1000), two: 'y'.repeat(1043) } }],
  ['a name in upper case', { metadata: { Name: 'x' } }],
  ['an empty name', { metadata: { '': 'x' } }],
  ['a name with a blank', { metadata: { 'na me': 'x' } }],
  ['a name with a colon', { metadata: { 'na:me': 'x' } }],
  ['a value beyond ASCII', { metadata: { name: 'caf\u00e9' } }],
  ['a value beyond Latin 1', { metadata: { name: '\u{1f512}' } }],
  ['a value of two lines', { metadata: { name: 'x\r\nx-amz-meta-other: y' } }],
  ['a value with a tabulator', { metadata: { name: 'x\ty' } }],
  ['a value with a NUL', { metadata: { name: 'x\0' } }],
  ['a value with blanks before it', { metadata: { name: ' x' } }],
  ['a value with blanks after it', { metadata: { name: 'x ' } }],
  ['eleven tags', { tags: Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`k${i}`, 'v'])) }],
  ['a tag key of 129 characters', { tags: { ['k'.repeat(129)]: 'v' } }],
  ['a tag value of 257 characters', { tags: { k: 'v'.repeat(257) } }],
  ['an empty tag key', { tags: { '': 'v' } }],
  ['a tag key that is reserved', { tags: { 'aws:k': 'v' } }],
  ['a tag key with other signs', { tags: { 'k&l': 'v' } }],
  ['a tag value with other signs', { tags: { k: 'v\n' } }],
  ['a tag with half a surrogate pair', { tags: { k: '\ud800' } }],
];

/** Metadata and tags. */
export function describeAttributes(ground: () => StoreGround): void {
  const putWith = async (key: string, attributes: ObjectAttributes) => {
    const { store, bucket } = ground();
    await store.put({ bucket, key }, patternBytes(3, 1), attributes, {}, quiet);
  };
  const completeWith = async (key: string, attributes: ObjectAttributes) => {
    const { store, bucket } = ground();
    const { uploadId } = await store.createMultipart({ bucket, key }, attributes, quiet);
    const upload = { bucket, key, uploadId };
    const listed = await storeParts(store, upload, new Map([[1, patternBytes(9, 1)]]));
    await store.completeMultipart(upload, listed, {}, quiet);
  };
  const expectAttributes = async (key: string, { metadata = {}, tags = {} }: ObjectAttributes) => {
    const { store, bucket } = ground();
    const found = await store.head({ bucket, key }, quiet);
    expect({ metadata: found.metadata, tags: found.tags }).toEqual({ metadata, tags });
  };

  test.each(kept)('metadata is given back: %s', async (_, attributes) => {
    await putWith('put', attributes);
    await expectAttributes('put', attributes);
    await completeWith('completed', attributes);
    await expectAttributes('completed', attributes);
  });

  test.each(keptTags)('tags are given back: %s', async (_, attributes) => {
    await putWith('put', attributes);
    await expectAttributes('put', attributes);
    if (ground().deviates('multipart-tags-lost')) return;
    await completeWith('completed', attributes);
    await expectAttributes('completed', attributes);
  });

  test('head and get tell them, and a second put takes them away', async () => {
    const { store, bucket } = ground();
    const attributes = { metadata: { one: '1' }, tags: { project: 'x y' } };
    await putWith('k', attributes);
    await expectAttributes('k', attributes);
    const body = await store.get({ bucket, key: 'k' }, quiet);
    expect(body.head).toMatchObject(attributes);
    await body.close();
    await putBytes(store, { bucket, key: 'k' }, patternBytes(3, 1));
    await expectAttributes('k', {});
  });

  test('an object that is completed has those that its upload began with, not those of what stood there', async () => {
    await putWith('k', { metadata: { old: 'old' }, tags: { old: 'old' } });
    await completeWith('k', { metadata: { made: 'by parts' } });
    await expectAttributes('k', { metadata: { made: 'by parts' } });
  });

  test('tags beyond ASCII are given back or refused', async () => {
    const attributes = { tags: { 'gr\u00f6\u00dfe': '\u65e5\u672c \u8a9e' } };
    const [outcome] = await Promise.allSettled([putWith('k', attributes)]);
    if (outcome.status === 'fulfilled') await expectAttributes('k', attributes);
    else expect(outcome.reason).toMatchObject({ code: 'bad-parameters' });
  });

  test.each(refused)('what not every store can keep is refused: %s', async (_, attributes) => {
    const { store, bucket } = ground();
    const name = { bucket, key: 'k' };
    await expectCode(store.put(name, patternBytes(3, 1), attributes, {}, quiet), 'bad-parameters');
    await expectCode(store.createMultipart(name, attributes, quiet), 'bad-parameters');
    await expectCode(store.head(name, quiet), 'not-found');
    expect(await collect(store.listUploads(bucket, quiet))).toEqual([]);
    // What was refused does not stand in the way of what comes after it.
    await beginUpload(store, name);
  });
}
