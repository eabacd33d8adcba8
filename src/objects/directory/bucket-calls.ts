import type { BucketPage, KeyListRequest, KeyPage, VersionListRequest, VersionPage } from '../bucket-store.ts';
import { listKeys, listVersions, selectKeys, selectVersions } from './list-keys.ts';
import { checkBucketName, encodeKeyText, quoted } from './names.ts';
import { refused } from './refusals.ts';
import type { CallGround } from './store-ground.ts';

/** The most buckets of a page, as with S3. */
const maxListedBuckets = 10_000;

/** What a directory store does about buckets: makes them, and lists them and what they hold. */
export class BucketCalls {
  readonly #ground: CallGround;

  constructor(ground: CallGround) {
    this.#ground = ground;
  }

  async make(bucket: string, signal: AbortSignal): Promise<void> {
    checkBucketName(bucket);
    const { catalogue, calls, name } = this.#ground;
    await calls.run(`make the bucket ${quoted(bucket)}`, signal, async () => {
      const added = await catalogue.change(signal, () => catalogue.buckets.add(bucket));
      if (added) return;
      throw refused('BucketAlreadyOwnedByYou', `There is a bucket ${quoted(bucket)} in ${name} already`, 'exists');
    });
  }

  async list(
    {
      prefix = '',
      startAfter = '',
      limit = maxListedBuckets,
    }: { prefix?: string; startAfter?: string; limit?: number },
    signal: AbortSignal,
  ): Promise<BucketPage> {
    if (!Number.isInteger(limit) || limit < 1) {
      throw new RangeError(`limit must be a whole number over 0, got ${limit}`);
    }
    encodeKeyText(prefix);
    encodeKeyText(startAfter);
    const count = Math.min(limit, maxListedBuckets);
    const { catalogue, calls } = this.#ground;
    const found = await calls.run('list its buckets', signal, () =>
      catalogue.view(signal, () => catalogue.buckets.page({ prefix, startAfter, limit: count + 1 })),
    );
    const buckets = found.slice(0, count);
    const next = found.length > count ? buckets.at(-1)?.name : undefined;
    return next === undefined ? { buckets } : { buckets, next };
  }

  async listKeys(request: KeyListRequest, signal: AbortSignal): Promise<KeyPage> {
    const selection = selectKeys(request);
    const { catalogue, calls } = this.#ground;
    return await calls.run(`list ${quoted(request.bucket)}`, signal, () =>
      catalogue.view(signal, () => listKeys(catalogue, selection)),
    );
  }

  async listVersions(request: VersionListRequest, signal: AbortSignal): Promise<VersionPage> {
    const selection = selectVersions(request);
    const { catalogue, calls } = this.#ground;
    return await calls.run(`list the versions in ${quoted(request.bucket)}`, signal, () =>
      catalogue.view(signal, () => listVersions(catalogue, selection)),
    );
  }
}
