import { inspect } from 'node:util';

import { describe, expect, it } from 'vitest';
import { AccessKeys } from '../../../src/gateway/access/access-keys.ts';
import { matchesPattern } from '../../../src/gateway/access/access-rule.ts';
import { mayRequest } from '../../../src/gateway/access/may-request.ts';
import { everything, parseAccessKeys, soleAccessKey } from '../../../src/gateway/access/parse-access-keys.ts';
import { forwardedOperations } from '../../../src/s3-protocol/routes/forwarded-operations.ts';
import type { Operation } from '../../../src/s3-protocol/routes/operation.ts';
import { rewrittenOperations } from '../../../src/s3-protocol/routes/rewritten-operations.ts';
import { fc } from '../../support/properties.ts';

const secret = 'qvJ6tVxw0Fz3LhN8rYcA5eUk2mSdPb7G';

function keysOf(rules: readonly unknown[], anonymous: readonly unknown[] = []): AccessKeys {
  const document = { keys: [{ id: 'one', secret, rules }], anonymous };
  return new AccessKeys(parseAccessKeys(JSON.stringify(document), 'test.json'));
}

const levels = ['read', 'write', 'admin'] as const;

describe('what a key may do', () => {
  it('each level has those below it, and none above', () => {
    for (const [i, access] of levels.entries()) {
      const keys = keysOf([{ access, buckets: ['b'] }]);
      expect(levels.map((level) => keys.allows('one', level, 'b', 'k'))).toEqual(levels.map((_, j) => j <= i));
      expect(levels.map((level) => keys.allows('one', level, 'b'))).toEqual(levels.map((_, j) => j <= i));
      expect(levels.map((level) => keys.allows('one', level, 'other', 'k'))).toEqual([false, false, false]);
    }
  });

  it('rules add up, bucket by bucket', () => {
    const keys = keysOf([{ access: 'read' }, { access: 'write', buckets: ['logs-*', 'inbox'] }]);
    expect(keys.allows('one', 'read', 'anything', 'k')).toBe(true);
    expect(keys.allows('one', 'write', 'anything', 'k')).toBe(false);
    expect(keys.allows('one', 'write', 'logs-2026', 'k')).toBe(true);
    expect(keys.allows('one', 'write', 'inbox', 'k')).toBe(true);
    expect(keys.allows('one', 'write', 'inbox2', 'k')).toBe(false);
  });

  it('prefixes keep to their keys: not the bucket itself, nor a listing of more', () => {
    const keys = keysOf([{ access: 'admin', buckets: ['b'], prefixes: ['photos/', 'a'] }]);
    for (const [key, may] of [
      ['photos/1', true],
      ['photos/', true],
      ['abc', true],
      ['photos', false],
      ['Photos/1', false],
      ['x/photos/1', false],
    ] as const) {
      expect([key, keys.allows('one', 'write', 'b', key), keys.allowsListing('one', 'b', key)]).toEqual([
        key,
        may,
        may,
      ]);
    }
    expect(keys.allows('one', 'admin', 'b')).toBe(false);
    expect(keys.allowsListing('one', 'b', '')).toBe(false);
    expect(keys.visibleBucket('one', 'b')).toBe(true);
    expect(keys.visibleBucket('one', 'c')).toBe(false);
  });

  it('nobody and strangers may do nothing, unless it is said', () => {
    const keys = keysOf([{ access: 'admin' }]);
    for (const id of [undefined, 'two', 'constructor', '']) {
      expect([keys.allows(id, 'read', 'b', 'k'), keys.visibleBucket(id, 'b'), keys.isKnown(id)]).toEqual([
        false,
        false,
        false,
      ]);
    }
    const open = keysOf([{ access: 'admin' }], [{ access: 'read', buckets: ['public'] }]);
    expect(open.allows(undefined, 'read', 'public', 'k')).toBe(true);
    expect(open.allows(undefined, 'write', 'public', 'k')).toBe(false);
    expect(open.allows(undefined, 'read', 'b', 'k')).toBe(false);
    expect(open.allows('two', 'read', 'public', 'k')).toBe(false);
  });

  it('a pattern matches as a regular expression of its pieces does, and takes no longer than the name', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 });
    fc.assert(
      fc.property(text, fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 }), (pattern, name) => {
        expect(matchesPattern(pattern, name)).toBe(new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(name));
      }),
      { numRuns: 500 },
    );
    expect(matchesPattern('a*'.repeat(60), 'a'.repeat(255))).toBe(true);
    expect(matchesPattern(`${'a*'.repeat(60)}b`, 'a'.repeat(255))).toBe(false);
  });
});

describe('what is asked for', () => {
  const named = (name: string): Operation =>
    [...rewrittenOperations, ...forwardedOperations].find((operation) => operation.name === name)!;
  const ask = (keys: AccessKeys, name: string, bucket?: string, key?: string, prefix?: string): boolean =>
    mayRequest(keys, 'one', named(name), {
      ...(bucket === undefined ? {} : { bucket }),
      ...(key === undefined ? {} : { key }),
      query: new Map(prefix === undefined ? [] : [['prefix', prefix]]),
    });

  it('a key for some keys of a bucket finds it, lists them, reads them, and nothing of the bucket', () => {
    const keys = keysOf([{ access: 'write', buckets: ['b'], prefixes: ['mine/'] }]);
    const may = ['ListBuckets', 'HeadBucket', 'GetBucketLocation', 'DeleteObjects'].map((name) =>
      ask(keys, name, name === 'ListBuckets' ? undefined : 'b'),
    );
    expect(may).toEqual([true, true, true, true]);
    for (const name of ['ListObjects', 'ListObjectsV2', 'ListObjectVersions']) {
      expect([ask(keys, name, 'b', undefined, 'mine/x'), ask(keys, name, 'b'), ask(keys, name, 'c')]).toEqual([
        true,
        false,
        false,
      ]);
    }
    for (const name of ['GetObject', 'HeadObject', 'PutObject', 'DeleteObject', 'PutObjectTagging']) {
      expect([ask(keys, name, 'b', 'mine/x'), ask(keys, name, 'b', 'other')]).toEqual([true, false]);
    }
    for (const name of ['GetBucketPolicy', 'GetBucketAcl', 'GetBucketTagging', 'PutBucketPolicy', 'DeleteBucket']) {
      expect([name, ask(keys, name, 'b')]).toEqual([name, false]);
    }
    expect(ask(keys, 'PutObjectRetention', 'b', 'mine/x')).toBe(false);
    expect(ask(keys, 'HeadBucket', 'c')).toBe(false);
  });

  it('what changes a bucket is for admins', () => {
    const changes = forwardedOperations.filter(({ level, method }) => level === 'bucket' && /PUT|DELETE/.test(method));
    expect(changes.length).toBeGreaterThan(20);
    for (const { name } of changes) {
      expect([name, ...levels.map((access) => ask(keysOf([{ access }]), name, 'b'))]).toEqual([
        name,
        false,
        false,
        true,
      ]);
    }
  });
});

describe('keys that are replaced', () => {
  it('count at once, and what was derived of the old ones is gone', () => {
    const keys = new AccessKeys({ keys: [soleAccessKey('one', secret, { id: 'I', secret: 'S' })], anonymous: [] });
    const { signingKeys } = keys;
    expect(keys.signingKeys).toBe(signingKeys);
    keys.replace({ keys: [soleAccessKey('two', `${secret}2`, { id: 'I', secret: 'S' })], anonymous: everything });
    expect([keys.findSecret('one'), keys.findSecret('two'), keys.size]).toEqual([undefined, `${secret}2`, 1]);
    expect(keys.signingKeys).not.toBe(signingKeys);
    expect(keys.allows('one', 'read', 'b')).toBe(false);
  });

  it('stay as they were if the new ones cannot be', () => {
    const keys = keysOf([{ access: 'read' }]);
    const twin = soleAccessKey('two', secret, { id: 'I', secret: 'S' });
    expect(() => keys.replace({ keys: [twin, twin], anonymous: [] })).toThrow('same id');
    expect(keys.findSecret('one')).toBe(secret);
  });

  it('A18: no way of printing them has a secret in it', () => {
    const keys = keysOf([{ access: 'read' }]);
    const document = parseAccessKeys(
      JSON.stringify({ keys: [{ id: 'one', secret, rules: [{ access: 'read' }] }] }),
      't',
    );
    for (const shown of [keys, document, document.keys[0]]) {
      expect(
        `${shown} ${JSON.stringify(shown)} ${inspect(shown, { depth: 9, showHidden: true, getters: false })}`,
      ).not.toContain(secret);
    }
  });
});
