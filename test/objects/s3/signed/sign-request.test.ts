import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { escapeKey, escapeQuery, escapeUri } from '../../../../src/objects/s3/signed/escape-uri.ts';
import { emptyHash, signRequest } from '../../../../src/objects/s3/signed/sign-request.ts';
import { SigningKeys } from '../../../../src/objects/s3/signed/signing-keys.ts';

const identity = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };

/** What the SDK hashes with, where it is given no other. */
class Sha256 {
  readonly #hash;
  constructor(key?: string | Uint8Array) {
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', key);
  }
  update(data: string | Uint8Array): void {
    this.#hash.update(data);
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }
}

const word = fc.string({ unit: fc.constantFrom(...'abAB019-._~ !\'()*+%/=&?#"\u00e9\u{1f512}') });
const value = fc.string({ unit: fc.constantFrom(...'ab 09,;:/="<>%+') });

test('signatures are those of the SDK', async () => {
  const keys = new SigningKeys();
  const request = fc.record({
    method: fc.constantFrom('GET', 'PUT', 'HEAD', 'POST', 'DELETE'),
    key: word,
    query: fc.dictionary(
      word.filter((name) => name !== ''),
      word,
      { maxKeys: 4, noNullPrototype: true },
    ),
    meta: fc.dictionary(fc.constantFrom('a', 'b', 'content-type', 'x-amz-meta-z'), value, { noNullPrototype: true }),
    token: fc.option(fc.constant('session/token=='), { nil: undefined }),
    region: fc.constantFrom('us-east-1', 'eu-west-1'),
    second: fc.integer({ min: 0, max: 4_000_000_000 }),
    payloadHash: fc.constantFrom(emptyHash, 'UNSIGNED-PAYLOAD'),
  });
  await fc.assert(
    fc.asyncProperty(request, async ({ method, key, query, meta, token, region, second, payloadHash }) => {
      const who = { ...identity, ...(token === undefined ? {} : { sessionToken: token }) };
      const path = `/bucket/${escapeKey(key)}`;
      const headers: Record<string, string> = { host: 'store.example:9000', ...meta };
      const signed = signRequest(
        { method, path, query: escapeQuery(query), headers, payloadHash },
        who,
        region,
        keys,
        second * 1000 + 999,
      );
      const theirs = new SignatureV4({
        credentials: who,
        region,
        service: 's3',
        sha256: Sha256 as never,
        uriEscapePath: false,
      });
      const expected = (await theirs.sign(
        {
          method,
          protocol: 'http:',
          hostname: 'store.example',
          path,
          query,
          headers: { ...headers, 'x-amz-content-sha256': payloadHash },
        } as never,
        { signingDate: new Date(second * 1000) },
      )) as unknown as { readonly headers: Readonly<Record<string, string>> };
      expect(signed.authorization).toBe(expected.headers.authorization);
      expect(signed['x-amz-date']).toBe(expected.headers['x-amz-date']);
      expect(signed['x-amz-security-token']).toBe(token);
    }),
  );
});

test('what the next hop changes, and what is sent once more, is not signed', () => {
  const headers = { host: 'h', 'cache-control': 'no-cache', expect: '100-continue', 'user-agent': 'u' };
  const unsigned = { method: 'PUT', path: '/b/k', query: '', headers, payloadHash: emptyHash };
  const signed = signRequest(unsigned, identity, 'us-east-1', new SigningKeys(), 0);
  expect(signed.authorization).toContain('SignedHeaders=host;x-amz-content-sha256;x-amz-date,');
  expect(signed).toMatchObject({ ...headers, 'x-amz-date': '19700101T000000Z' });
});

test('a key is good for its secret, day and region', () => {
  const keys = new SigningKeys();
  const scopes: readonly (readonly [string, string, string])[] = [
    ['s1', '20260101', 'a'],
    ['s2', '20260101', 'a'],
    ['s1', '20260102', 'a'],
    ['s1', '20260101', 'b'],
  ];
  const find = ([secret, day, region]: readonly [string, string, string]) => keys.find(secret, day, region);
  const first = scopes.map((scope) => find(scope).toString('hex'));
  expect(new Set(first).size).toBe(4);
  for (let day = 0; day < 40; day++) keys.find('s1', `${day}`, 'a');
  expect(scopes.map((scope) => find(scope).toString('hex'))).toEqual(first);
});

test('escaping leaves alone what RFC 3986 does, and nothing else', () => {
  expect(escapeUri("az-._~ !'()*/\u00e9")).toBe('az-._~%20%21%27%28%29%2A%2F%C3%A9');
  expect(escapeKey('a//../b c/')).toBe('a//../b%20c/');
  expect(escapeQuery({ b: '', 'a b': '1', 'a-': '2', B: '&' })).toBe('B=%26&a%20b=1&a-=2&b=');
});
