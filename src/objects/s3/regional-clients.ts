import type { S3Client } from '@aws-sdk/client-s3';

/**
 * A client for each region that buckets turned out to be in. With an endpoint of its own a store has one client: no
 * answer may send signed requests to another host than the one that was named.
 */
export class RegionalClients {
  readonly #home: S3Client;
  readonly #make: ((region: string) => S3Client) | undefined;
  readonly #clients = new Map<string, S3Client>();
  readonly #regions = new Map<string, string>();

  /** `make` is undefined if no region but that of `home` may be used. */
  constructor(home: S3Client, make: ((region: string) => S3Client) | undefined) {
    this.#home = home;
    this.#make = make;
  }

  get home(): S3Client {
    return this.#home;
  }

  forBucket(bucket: string): S3Client {
    const region = this.#regions.get(bucket);
    return (region === undefined ? undefined : this.#clients.get(region)) ?? this.#home;
  }

  /** Notes where a bucket is. False if its requests go there already, or may not. */
  learn(bucket: string, region: string): boolean {
    if (this.#make === undefined || this.#regions.get(bucket) === region) return false;
    this.#regions.set(bucket, region);
    if (!this.#clients.has(region)) this.#clients.set(region, this.#make(region));
    return true;
  }

  destroy(): void {
    for (const client of [this.#home, ...this.#clients.values()]) client.destroy();
  }
}
