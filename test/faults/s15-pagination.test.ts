import { describe, expect, it } from 'vitest';
import type { ListPage, ObjectStore } from '../../src/objects/object-store.ts';
import { collect, quiet } from '../contracts/object-store/bytes.ts';
import { expectCode } from '../contracts/object-store/ground.ts';
import { type FakeAnswer, type FakeHandler, fakeHandler, openFakeStore, xmlAnswer } from '../objects/s3/fake-store.ts';
import { noteFault } from '../support/fault-log.ts';

// S15: listings of every length, and stores that page wrongly. Nothing is listed for ever, and nothing is left out
// without an error.

const upload = { bucket: 'bucket', key: 'k', uploadId: 'id' };

function partsAnswer(numbers: readonly number[], rest: string): FakeAnswer {
  const parts = numbers.map((n) => `<Part><PartNumber>${n}</PartNumber><ETag>"e${n}"</ETag><Size>${n}</Size></Part>`);
  return xmlAnswer(`<ListPartsResult>${parts.join('')}${rest}</ListPartsResult>`);
}

function numbersFrom(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
}

/** A store with so many parts that pages them as S3 does, but for what `rest` writes after them. */
function storeOfParts(
  count: number,
  rest: (page: { last: number; isTruncated: boolean }) => string = ({ last, isTruncated }) =>
    `<IsTruncated>${isTruncated}</IsTruncated><NextPartNumberMarker>${last}</NextPartNumberMarker>`,
): FakeHandler {
  return fakeHandler((request) => {
    const after = Number(request.query['part-number-marker'] ?? '0');
    const last = Math.min(after + 1000, count);
    return partsAnswer(numbersFrom(after + 1, last), rest({ last, isTruncated: last < count }));
  });
}

async function partNumbers(store: ObjectStore): Promise<number[]> {
  return (await collect(store.listParts(upload, quiet))).map((part) => part.partNumber);
}

describe('S15: parts', () => {
  it.each([0, 1, 999, 1000, 1001, 10_000])('S15: all %i are listed, once each', async (count) => {
    const handler = storeOfParts(count);
    const store = await openFakeStore(handler);
    expect(await partNumbers(store)).toEqual(numbersFrom(1, count));
    expect(handler.sent).toHaveLength(Math.max(1, Math.ceil(count / 1000)));
  });

  it.each<[string, (page: { last: number; isTruncated: boolean }) => string]>([
    ['no marker', ({ isTruncated }) => `<IsTruncated>${isTruncated}</IsTruncated>`],
    [
      'a marker that stands still',
      ({ isTruncated }) => `<IsTruncated>${isTruncated}</IsTruncated><NextPartNumberMarker>1000</NextPartNumberMarker>`,
    ],
    [
      'a marker that is no number',
      ({ isTruncated }) => `<IsTruncated>${isTruncated}</IsTruncated><NextPartNumberMarker>x</NextPartNumberMarker>`,
    ],
    ['no word of whether there is more', ({ last }) => `<NextPartNumberMarker>${last}</NextPartNumberMarker>`],
  ])('S15: with %s all 2,500 are listed all the same', async (injected, rest) => {
    const handler = storeOfParts(2500, rest);
    const store = await openFakeStore(handler);
    expect(await partNumbers(store)).toEqual(numbersFrom(1, 2500));
    noteFault({ id: 'S15', injected, reached: handler.sent.length, outcome: 'all parts' });
  });

  it.each<[string, (index: number) => FakeAnswer]>([
    ['a page that repeats', () => partsAnswer([1, 2], '<IsTruncated>true</IsTruncated>')],
    ['a page that goes back', (index) => partsAnswer(index === 0 ? [5, 6] : [3], '<IsTruncated>true</IsTruncated>')],
    ['more, and nothing on the page', () => partsAnswer([], '<IsTruncated>true</IsTruncated>')],
    ['a part without a number', () => xmlAnswer('<ListPartsResult><Part><Size>1</Size></Part></ListPartsResult>')],
  ])('S15: %s is an error, and no listing for ever', async (injected, answer) => {
    const handler = fakeHandler((_, index) => answer(index));
    const store = await openFakeStore(handler);
    await expectCode(collect(store.listParts(upload, quiet)), 'store');
    expect(handler.sent.length).toBeLessThanOrEqual(2);
    noteFault({ id: 'S15', injected, reached: handler.sent.length, outcome: 'an error' });
  });

  it('S15: half a document is tried again, and an error in the end', async () => {
    const handler = fakeHandler(() => xmlAnswer('<ListPartsResult><Part><PartNumber>1</PartNum'));
    const store = await openFakeStore(handler, { maxAttempts: 3 });
    await expectCode(collect(store.listParts(upload, quiet)), 'store');
    expect(handler.sent).toHaveLength(3);
  });
});

describe('S15: objects', () => {
  const keys = ['a b', 'a&b', 'a+b', 'z\u0001', '\u00e9', '\u{1f512}'].sort((a, b) =>
    Buffer.compare(Buffer.from(a), Buffer.from(b)),
  );
  const object = (key: string) =>
    `<Contents><Key>${encodeURIComponent(key).replaceAll('%20', '+')}</Key><ETag>&quot;e&quot;</ETag><Size>1</Size></Contents>`;
  const page = (listed: readonly string[], rest: string) =>
    xmlAnswer(
      `<ListBucketResult><EncodingType>url</EncodingType>${listed.map(object).join('')}${rest}</ListBucketResult>`,
    );

  it('S15: keys of every kind are decoded, and pages follow one another', async () => {
    const handler = fakeHandler((request) => {
      expect(request.query['encoding-type']).toBe('url');
      const after = request.query['start-after'] ?? '';
      const rest = keys.slice(keys.indexOf(after) + 1);
      return page(rest.slice(0, 2), `<IsTruncated>${rest.length > 2}</IsTruncated>`);
    });
    const store = await openFakeStore(handler);
    const found: string[] = [];
    let next: string | undefined;
    do {
      const answer: ListPage = await store.list(
        { bucket: 'bucket', ...(next === undefined ? {} : { startAfter: next }) },
        quiet,
      );
      found.push(...answer.objects.map(({ key }) => key));
      next = answer.next;
    } while (next !== undefined);
    expect(found).toEqual(keys);
  });

  it('S15: empty pages are passed over by their tokens', async () => {
    const handler = fakeHandler((request) => {
      const at = Number(request.query['continuation-token'] ?? '0');
      const more = `<IsTruncated>true</IsTruncated><NextContinuationToken>${at + 1}</NextContinuationToken>`;
      return at < 3 ? page([], more) : page(['a'], '<IsTruncated>false</IsTruncated>');
    });
    const store = await openFakeStore(handler);
    expect((await store.list({ bucket: 'bucket' }, quiet)).objects).toHaveLength(1);
    expect(handler.sent).toHaveLength(4);
  });

  it.each<[string, (index: number) => FakeAnswer]>([
    ['what was asked to be left out', () => page(['b', 'c'], '<IsTruncated>true</IsTruncated>')],
    ['keys that go back', () => page(['f', 'e'], '<IsTruncated>false</IsTruncated>')],
    ['more, and not where', () => page([], '<IsTruncated>true</IsTruncated>')],
    [
      'one token for ever',
      () => page([], '<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>'),
    ],
    [
      'empty pages for ever',
      (index) => page([], `<IsTruncated>true</IsTruncated><NextContinuationToken>${index}</NextContinuationToken>`),
    ],
    [
      'a key that is not encoded',
      () =>
        xmlAnswer(
          '<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>%zz</Key><Size>1</Size></Contents></ListBucketResult>',
        ),
    ],
  ])('S15: %s is an error, and no listing for ever', async (injected, answer) => {
    const handler = fakeHandler((_, index) => answer(index));
    const store = await openFakeStore(handler);
    await expectCode(store.list({ bucket: 'bucket', startAfter: 'c' }, quiet), 'store');
    expect(handler.sent.length).toBeLessThanOrEqual(100);
    noteFault({ id: 'S15', injected, reached: handler.sent.length, outcome: 'an error' });
  });

  it('S15: keys that the store does not say it has encoded are taken as they are', async () => {
    const handler = fakeHandler(() =>
      xmlAnswer(
        '<ListBucketResult><Contents><Key>a%20b+c</Key><ETag>e</ETag><Size>1</Size></Contents></ListBucketResult>',
      ),
    );
    const store = await openFakeStore(handler);
    expect((await store.list({ bucket: 'bucket' }, quiet)).objects[0]!.key).toBe('a%20b+c');
  });
});

describe('S15: uploads', () => {
  const page = (ids: readonly string[], rest: string) =>
    xmlAnswer(
      `<ListMultipartUploadsResult>${ids.map((id) => `<Upload><Key>k</Key><UploadId>${id}</UploadId></Upload>`).join('')}${rest}</ListMultipartUploadsResult>`,
    );
  const more = '<IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker>';

  it('S15: pages follow one another by key and id', async () => {
    const handler = fakeHandler((request) => {
      const after = Number(request.query['upload-id-marker'] ?? '0');
      const ids = [1, 2, 3].map((n) => String(after + n));
      return after === 6
        ? page(['7'], '<IsTruncated>false</IsTruncated><NextKeyMarker></NextKeyMarker>')
        : page(ids, `${more}<NextUploadIdMarker>${after + 3}</NextUploadIdMarker>`);
    });
    const store = await openFakeStore(handler);
    const found = await collect(store.listUploads('bucket', quiet));
    expect(found.map(({ uploadId }) => uploadId)).toEqual(['1', '2', '3', '4', '5', '6', '7']);
    expect(handler.sent[1]!.query).toMatchObject({ 'key-marker': 'k', 'upload-id-marker': '3' });
  });

  it.each<[string, () => FakeAnswer]>([
    ['a page that repeats', () => page(['1', '2'], `${more}<NextUploadIdMarker>2</NextUploadIdMarker>`)],
    ['more, and nothing on the page', () => page([], more)],
    ['more, and no marker', () => page(['1'], '<IsTruncated>true</IsTruncated>')],
    [
      'an upload without an id',
      () => xmlAnswer('<ListMultipartUploadsResult><Upload><Key>k</Key></Upload></ListMultipartUploadsResult>'),
    ],
  ])('S15: %s is an error, and no listing for ever', async (injected, answer) => {
    const handler = fakeHandler(answer);
    const store = await openFakeStore(handler);
    await expectCode(collect(store.listUploads('bucket', quiet)), 'store');
    expect(handler.sent.length).toBeLessThanOrEqual(2);
    noteFault({ id: 'S15', injected, reached: handler.sent.length, outcome: 'an error' });
  });
});
