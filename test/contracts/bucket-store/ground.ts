import { afterEach, beforeEach, expect } from 'vitest';
import type { ErrorCode, SealpartError } from '../../../src/errors.ts';
import type {
  BucketStore,
  KeyListRequest,
  KeyPage,
  NamedAnswer,
  NamedRequest,
} from '../../../src/objects/bucket-store.ts';
import { forwardedOperations } from '../../../src/s3-protocol/routes/forwarded-operations.ts';
import { patternBytes, quiet } from '../object-store/bytes.ts';
import { expectCode, newBucketName } from '../object-store/ground.ts';

/**
 * Where a server is known not to do what S3 does:
 *
 * | deviation | what it does |
 * |---|---|
 * | `keys-are-paths` | keeps objects in files of their names, so that `a` and `a/b` cannot both be, nor `//` be in a key |
 * | `start-after-skips-folders` | leaves a common prefix out of a listing that begins after one of its keys |
 * | `one-letter-delimiters` | lists common prefixes for `/` only, or for one letter |
 * | `tokens-are-keys` | goes on from any text that it is given for a token |
 * | `no-version-lists` | does not list versions, or not of a bucket that keeps none |
 * | `any-version-removed` | removes an object whatever version is named |
 * | `unconditional-removes` | does not look at a removal's condition |
 * | `buckets-made-again` | makes a bucket that its owner has already |
 * | `no-bucket-pages` | lists all buckets, whatever is asked for |
 * | `no-bucket-tags`, `no-cors`, `no-ownership`, `no-public-access-block` | keeps no such configuration |
 * | `no-fresh-answers` | answers what no bucket has at first otherwise than S3 |
 * | `uploads-block-removal` | keeps a bucket with uploads under way |
 * | `storage-classes-ignored` | keeps every object as STANDARD |
 * | `no-object-acls` | tells no ACL of an object |
 * | `last-page-unsure` | says after a page that is full that there is more, if only the rest of a folder is |
 * | `lenient-documents` | takes documents that lack elements |
 * | `markers-have-prefix` | takes no place to begin at that does not have the prefix |
 * | `missing-buckets-unnoticed` | does not say of every operation that the bucket is not there |
 * | `cors-unchecked`, `tags-unchecked` | keeps what S3 does not take, or has another word for it |
 */
export type BucketDeviation =
  | 'keys-are-paths'
  | 'start-after-skips-folders'
  | 'one-letter-delimiters'
  | 'tokens-are-keys'
  | 'no-version-lists'
  | 'any-version-removed'
  | 'unconditional-removes'
  | 'buckets-made-again'
  | 'no-bucket-pages'
  | 'no-bucket-tags'
  | 'no-cors'
  | 'no-ownership'
  | 'no-public-access-block'
  | 'no-fresh-answers'
  | 'uploads-block-removal'
  | 'storage-classes-ignored'
  | 'last-page-unsure'
  | 'lenient-documents'
  | 'markers-have-prefix'
  | 'missing-buckets-unnoticed'
  | 'no-object-acls'
  | 'cors-unchecked'
  | 'tags-unchecked';

/** A store under test. */
export interface BucketStoreFixture {
  readonly store: BucketStore;
  /** Tests that need what these deny are skipped, and say so. */
  readonly deviations?: readonly BucketDeviation[];
  /** Closes the store and takes away what it was made in. */
  dispose(): Promise<void>;
}

export type MakeBucketStore = () => Promise<BucketStoreFixture>;

/** What each test of the contract has at hand: a store, and a bucket in it that no other test uses. */
export interface BucketGround {
  readonly store: BucketStore;
  readonly bucket: string;
  /** True for what the server behind is known not to do as S3 does. */
  deviates(deviation: BucketDeviation): boolean;
}

/** Gives each test of the surrounding block a store of its own. */
export function useBucketStore(makeStore: MakeBucketStore): () => BucketGround {
  let fixture: BucketStoreFixture | undefined;
  let ground: BucketGround | undefined;
  beforeEach(async () => {
    fixture = await makeStore();
    const { store, deviations = [] } = fixture;
    const bucket = newBucketName();
    await store.createBucket(bucket, quiet);
    ground = { store, bucket, deviates: (deviation) => deviations.includes(deviation) };
  });
  afterEach(async () => {
    await fixture?.dispose();
    fixture = undefined;
    ground = undefined;
  });
  return () => {
    if (ground === undefined) throw new Error('there is no store outside a test');
    return ground;
  };
}

/** Puts objects of a few bytes, in the order given. What is named like a folder is empty, as clients make them. */
export async function putKeys({ store, bucket }: BucketGround, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    await store.put({ bucket, key }, patternBytes(key.endsWith('/') ? 0 : key.length, 1), {}, {}, quiet);
  }
}

/** A page as its items: keys, and common prefixes with a `+` before them, each in their order. */
export function itemsOf(page: KeyPage): string[] {
  return [...page.objects.map(({ key }) => key), ...page.commonPrefixes.map((prefix) => `+${prefix}`)];
}

export type ListWords = Omit<KeyListRequest, 'bucket' | 'prefix' | 'limit'> &
  Partial<Pick<KeyListRequest, 'bucket' | 'prefix' | 'limit'>>;

export async function listKeys({ store, bucket }: BucketGround, words: ListWords): Promise<KeyPage> {
  return await store.listKeys({ bucket, prefix: '', limit: 1000, ...words }, quiet);
}

export type AskWords = Partial<Pick<NamedRequest, 'bucket' | 'key' | 'headers'>> & {
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: string;
};

/** Asks for an operation as the table of operations spells it. */
export async function ask(ground: BucketGround, operation: string, words: AskWords = {}): Promise<NamedAnswer> {
  const row = forwardedOperations.find(({ name }) => name === operation);
  if (row === undefined) throw new Error(`${operation} is not in the table of operations`);
  const { body = '', query = {}, headers = {}, bucket = ground.bucket, key } = words;
  const selectors = row.selectors.map((selector) => [selector, ''] as const);
  return await ground.store.ask(
    {
      operation,
      method: row.method,
      bucket,
      key,
      query: new Map([...selectors, ...Object.entries(query)]),
      headers: body === '' ? headers : { 'content-type': 'application/xml', ...headers },
      body: new TextEncoder().encode(body),
    },
    quiet,
  );
}

/** The document of an answer, with the name of its root, without what stands between elements. */
export function documentOf({ body }: NamedAnswer): string {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  return text
    .replace(/^<\?xml[^>]*\?>/, '')
    .replaceAll(/>\s+</g, '><')
    .trim();
}

/** The texts of all elements of a name, in order. */
export function textsOf(answer: NamedAnswer, name: string): string[] {
  const pattern = new RegExp(`<${name}(?: [^>]*)?>([^<]*)</${name}>`, 'g');
  return [...documentOf(answer).matchAll(pattern)].map((match) => match[1] ?? '');
}

/** Expects a SealpartError that repeats the store's own word: one of these. */
export async function expectSaid(
  promise: Promise<unknown>,
  code: ErrorCode | readonly ErrorCode[],
  ...words: string[]
): Promise<SealpartError> {
  const error = await expectCode(promise, ...(typeof code === 'string' ? [code] : code));
  expect(words).toContain(error.said);
  return error;
}
