import { createHmac } from 'node:crypto';

interface KnownKey {
  readonly scope: string;
  readonly secret: string;
  readonly key: Buffer;
}

/** A day has one for each region and secret; more than these few are computed again. */
const maxKeys = 16;

/** The keys that requests are signed with. One is good for a day, a region and a secret, and takes four hashes to make. */
export class SigningKeys {
  readonly #known: KnownKey[] = [];

  /** @param day as `20260131`. */
  find(secret: string, day: string, region: string): Buffer {
    const scope = `${day}/${region}`;
    const known = this.#known.find((one) => one.scope === scope && one.secret === secret);
    if (known !== undefined) return known.key;
    const key = [day, region, 's3', 'aws4_request'].reduce<Buffer | string>(
      (previous, text) => createHmac('sha256', previous).update(text).digest(),
      `AWS4${secret}`,
    ) as Buffer;
    this.#known.unshift({ scope, secret, key });
    this.#known.length = Math.min(this.#known.length, maxKeys);
    return key;
  }
}
