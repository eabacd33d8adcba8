import { createHash } from 'node:crypto';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import type { ObjectRecord } from '../../../src/crypto/object-record.ts';
import { recordMetadataName } from '../../../src/gateway/records/record-book.ts';
import { reindexObject } from '../../../src/gateway/records/reindex-object.ts';
import { openDirectoryStore } from '../../../src/objects/directory/open-directory-store.ts';
import type { ObjectStore } from '../../../src/objects/object-store.ts';
import { randomLooking } from '../../support/content.ts';
import { countRequests } from '../../support/counting-store.ts';
import { failureOf } from '../../support/refusal.ts';
import {
  access,
  calm,
  inlinePool,
  type MadeStream,
  makeIndexed,
  makeScheduled,
  parametersOf,
} from '../../support/streams.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { layBook, newObjectRecord } from './book-ground.ts';

const pool = inlinePool(2 ** 22);
afterAll(() => pool.close());

const object = { bucket: 'photos', key: 'a.jpg' };

async function openStore(): Promise<ObjectStore> {
  const store = await openDirectoryStore(await temporaryDirectory(), { create: true });
  onTestFinished(() => store.close());
  await store.createBucket('photos', calm);
  return store;
}

async function lay(made: MadeStream, metadata: Record<string, string> = {}) {
  const store = await openStore();
  const { etag } = await store.put(object, made.bytes, { metadata }, {}, calm);
  const ground = await layBook();
  const state = { ...object, etag, sizeBytes: made.bytes.length };
  const counting = countRequests(store);
  const reindex = (etags: 'md5' | 'opaque' = 'md5', pieces: Partial<Parameters<typeof reindexObject>[0]> = {}) =>
    reindexObject({ store: counting, object, book: ground.book, access, pool, etags, ...pieces }, calm);
  return { ...ground, state, reindex, counting };
}

/** What a record of the stream has to say, told from its pieces. */
function expectedRecord(made: MadeStream): Omit<ObjectRecord, 'etag' | 'partCount'> {
  const isIndexed = made.sealed.parameters.layout === 1;
  const last = isIndexed ? made.tail : made.segments.at(-1)!;
  return {
    sizeBytes: made.bytes.length,
    streamId: new Uint8Array(made.sealed.header.core.streamId),
    contentLength: made.content.length,
    checksums: {},
    parameters: made.sealed.parameters,
    streamDigest: new Uint8Array(made.streamDigest),
    finalSalt: new Uint8Array(last.subarray(24, 40)),
  };
}

const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex');

test.each<[string, number, Parameters<typeof parametersOf>[0]]>([
  ['of no content', 0, {}],
  ['of one segment', 5_000, { digestAlg: 3 }],
  ['of content that looks like a segment header at each frame', 28 + 4096, {}],
  ['of many segments', 100_000, { suite: 2, digestAlg: 1 }],
  ['of more than the first read', 2_500_000, {}],
  ['of segments that grow', 300_000, { segmentSizeMaxLog2: 16, growEvery: 2 }],
  ['of compressed segments', 200_000, { compression: 1 }],
])('a scheduled stream %s gets the record that its writer would have written', async (_, length, chosen) => {
  const content = chosen?.compression === 1 ? new Uint8Array(length).fill(7) : randomLooking(length, 'reindex');
  content.set(Buffer.from('SEG2').subarray(0, length));
  const made = await makeScheduled(content, parametersOf(chosen));
  const { book, state, reindex, counting, another } = await lay(made);
  const { record, keepsEtag } = await reindex();
  const expected = { ...expectedRecord(made), etag: md5(content), partCount: 0 };
  expect(record).toEqual(expected);
  expect(keepsEtag).toBe(true);
  expect(await book.read(state, calm)).toEqual(expected);
  expect(await (await another()).read(state, calm)).toEqual(expected);
  // What the record takes beside the content is at hand when that was read.
  expect(counting.gets.length).toBeLessThanOrEqual(length > 2 ** 20 ? 2 : 1);
});

test.each<[string, { partNumber: number; lengths: number[] }[], number]>([
  [
    'a short index',
    [
      { partNumber: 1, lengths: [16_384, 3_616] },
      { partNumber: 7, lengths: [5] },
    ],
    2,
  ],
  [
    'an index that one read of the tail does not bring',
    [
      { partNumber: 5, lengths: Array(1_200).fill(8) },
      { partNumber: 6, lengths: [1] },
    ],
    2,
  ],
])('an indexed stream with %s gets a record with an opaque ETag', async (_, parts, partCount) => {
  const content = randomLooking(
    parts.flatMap(({ lengths }) => lengths).reduce((a, b) => a + b, 0),
    'indexed',
  );
  const made = await makeIndexed(content, parts);
  const { state, reindex, another } = await lay(made);
  const { record, keepsEtag } = await reindex();
  const etag = `${Buffer.from(made.streamDigest.subarray(0, 16)).toString('hex')}-${partCount}`;
  expect(record).toEqual({ ...expectedRecord(made), etag, partCount });
  expect(keepsEtag).toBe(false);
  expect(await (await another()).read(state, calm)).toEqual(record);
  // Read again, it is the same: clients do not see ETags change.
  expect((await reindex()).keepsEtag).toBe(true);
  expect((await reindex()).record).toEqual(record);
});

test('an opaque ETag is none that looks like an MD5', async () => {
  const made = await makeScheduled(randomLooking(9_000, 'opaque'));
  const { reindex } = await lay(made);
  const { record } = await reindex('opaque');
  expect(record.etag).toBe(`${Buffer.from(made.streamDigest.subarray(0, 16)).toString('hex')}-1`);
});

test('what a record says of ETag and checksums stays, if it is about this stream', async () => {
  const made = await makeScheduled(randomLooking(9_000, 'known'));
  const told = { etag: 'a-clients', checksums: { CRC32: 'AAAAAA==' }, partCount: 3 };
  const known = { ...expectedRecord(made), ...told };
  // In the table.
  const table = await lay(made);
  await table.book.write(table.state, known, calm);
  expect(await table.reindex('opaque')).toEqual({ record: known, keepsEtag: true });
  // In the object's metadata, without which nothing would know its checksums.
  const ground = await layBook();
  const sealed = ground.book.sealForMetadata(object, known);
  const metadata = await lay(made, { [recordMetadataName]: sealed });
  expect(await metadata.reindex('opaque', { book: ground.book })).toEqual({ record: known, keepsEtag: true });
  expect(await (await ground.another()).read(metadata.state, calm)).toEqual(known);
});

test.each<[string, Partial<ObjectRecord>]>([
  ['of another stream', { streamId: new Uint8Array(16) }],
  ['of another length', { contentLength: 8_999 }],
  ['of another digest', { streamDigest: new Uint8Array(32) }],
  ['of another last segment', { finalSalt: new Uint8Array(16) }],
])('a record that opens and is %s is replaced', async (_, told) => {
  const made = await makeScheduled(randomLooking(9_000, 'known'));
  const { book, state, reindex, another } = await lay(made);
  await book.write(state, { ...expectedRecord(made), etag: 'old', partCount: 0, ...told }, calm);
  const { record } = await reindex();
  expect(record).toEqual({ ...expectedRecord(made), etag: md5(made.content), partCount: 0 });
  expect(await (await another()).read(state, calm)).toEqual(record);
});

test('what does not verify gets no record, and loses none', async () => {
  const made = await makeScheduled(randomLooking(100_000, 'broken'));
  for (const [position, code] of [
    [0, 'bad-magic'],
    [300, 'crc-mismatch'],
    [made.bytes.length - 1, 'crc-mismatch'],
    [50_000, 'crc-mismatch'],
  ] as const) {
    const bytes = new Uint8Array(made.bytes);
    bytes[position]! ^= 1;
    const { book, state, reindex } = await lay({ ...made, bytes });
    const before = newObjectRecord({ sizeBytes: bytes.length });
    await book.write(state, before, calm);
    expect((await failureOf(reindex())).code).toBe(code);
    expect(await book.read(state, calm)).toEqual(before);
  }
  const cut = await lay({ ...made, bytes: made.bytes.subarray(0, -200) });
  expect((await failureOf(cut.reindex())).code).toMatch(/truncated|crc-mismatch/);
  const empty = await lay({ ...made, bytes: new Uint8Array(0) });
  expect((await failureOf(empty.reindex())).code).toBe('truncated');
  const named = await lay(made);
  const objectName = { bucket: 'photos', key: 'a.jpg' };
  expect((await failureOf(named.reindex('md5', { access: { ...access, objectName } }))).code).toBe('wrong-object');
});
