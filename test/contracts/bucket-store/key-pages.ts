import { expect, test } from 'vitest';
import type { KeyPosition } from '../../../src/objects/bucket-store.ts';
import { quiet } from '../object-store/bytes.ts';
import { type BucketGround, expectSaid, itemsOf, type ListWords, listKeys, putKeys } from './ground.ts';

const keys = [
  'a',
  'b/1',
  'b/2',
  'b/3',
  'b0',
  'c',
  'd/x/1',
  'd/x/2',
  'd/y',
  'e',
  '\uffee/1',
  '\u{10000}',
  '\u{10ffff}/1',
];
/** A page cannot be longer without its end being hidden. */
const mostPages = 2 * keys.length;

const walks: readonly (readonly [string, ListWords])[] = [
  ['all keys', {}],
  ['keys with a prefix', { prefix: 'd/' }],
  ['folders', { delimiter: '/' }],
  ['folders behind a prefix', { prefix: 'd/', delimiter: '/' }],
  ['folders from a key on', { delimiter: '/', from: { kind: 'after', key: 'b0' } }],
  ['folders from a marker on', { delimiter: '/', from: { kind: 'marker', marker: 'b/' } }],
];

/** Listings in several pages. */
export function describeKeyPages(ground: () => BucketGround): void {
  /** All pages, from one to the next by what `next` gives. */
  const walk = async (words: ListWords, limit: number, how: 'token' | 'marker'): Promise<string[][]> => {
    const pages: string[][] = [];
    for (let from: KeyPosition | undefined = words.from; pages.length < mostPages; ) {
      const page = await listKeys(ground(), { ...words, limit, from });
      pages.push(itemsOf(page));
      if (page.next === undefined) return pages;
      const { token, marker } = page.next;
      from = how === 'token' ? { kind: 'token', token } : { kind: 'marker', marker };
    }
    throw new Error('the listing does not end');
  };
  const sorted = (items: readonly string[]) =>
    items.toSorted((a, b) => Buffer.compare(Buffer.from(a.replace(/^\+/, '')), Buffer.from(b.replace(/^\+/, ''))));

  test.each(walks)('%s: pages follow one another without gap or overlap', async (_, words) => {
    await putKeys(ground(), keys);
    const whole = sorted(itemsOf(await listKeys(ground(), words)));
    expect(whole.length).toBeGreaterThan(1);
    for (const limit of [1, 2, 3, whole.length, whole.length + 1]) {
      for (const how of ['token', 'marker'] as const) {
        const pages = await walk(words, limit, how);
        expect(pages.flatMap(sorted), `${how}, ${limit} a page`).toEqual(whole);
        expect(pages.map((page) => page.length)).toEqual(
          pages.map((_, index) => Math.min(limit, whole.length - index * limit)),
        );
      }
    }
  });

  test('the last page says that it is, also if it is full', async () => {
    await putKeys(ground(), ['a/1', 'a/2', 'b']);
    expect((await listKeys(ground(), { limit: 3 })).next).toBeUndefined();
    expect((await listKeys(ground(), { limit: 2 })).next).toBeDefined();
    expect((await listKeys(ground(), { limit: 2, delimiter: '/' })).next).toBeUndefined();
    expect((await listKeys(ground(), { limit: 1, delimiter: '/' })).next).toBeDefined();
    if (ground().deviates('last-page-unsure')) return;
    // What is left of a folder that was told of is not more.
    expect((await listKeys(ground(), { limit: 1, delimiter: '/', prefix: 'a' })).next).toBeUndefined();
  });

  test('a page of nothing has nothing, and is the last', async () => {
    await putKeys(ground(), ['a', 'b/1']);
    expect(await listKeys(ground(), { limit: 0 })).toEqual({ objects: [], commonPrefixes: [] });
    expect(await listKeys(ground(), { limit: 0, delimiter: '/' })).toEqual({ objects: [], commonPrefixes: [] });
  });

  test('the marker is the last item of the page', async () => {
    await putKeys(ground(), keys);
    expect((await listKeys(ground(), { limit: 1 })).next?.marker).toBe('a');
    expect((await listKeys(ground(), { limit: 2, delimiter: '/' })).next?.marker).toBe('b/');
  });

  test('a listing goes on while keys come and go', async () => {
    const { store, bucket } = ground();
    await putKeys(ground(), keys);
    const first = await listKeys(ground(), { limit: 2, delimiter: '/' });
    for (const key of ['a', 'b/1', 'b/2', 'b/3']) await store.remove({ bucket, key }, quiet);
    await putKeys(ground(), ['b/0', 'b/9']);
    const { token, marker } = first.next!;
    for (const from of [{ kind: 'token', token } as const, { kind: 'marker', marker } as const]) {
      const second = await listKeys(ground(), { limit: 2, delimiter: '/', from });
      expect(itemsOf(second)).toEqual(['b0', 'c']);
    }
  });

  test('a token that is none is InvalidArgument', async ({ skip }) => {
    skip(ground().deviates('tokens-are-keys'), 'the server takes any text for a token');
    await putKeys(ground(), keys);
    const { token } = (await listKeys(ground(), { limit: 2 })).next!;
    for (const bad of ['', 'x', '!', token.slice(0, -1), `${token}A`, `A${token}`, 'a'.repeat(5000)]) {
      const refused = listKeys(ground(), { from: { kind: 'token', token: bad } });
      await expectSaid(refused, 'bad-parameters', 'InvalidArgument');
    }
  });
}
