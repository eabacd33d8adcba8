import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { accessKeysJsonSchema, parseAccessKeys, soleAccessKey } from '../../../src/gateway/access/parse-access-keys.ts';
import { readAccessFile } from '../../../src/gateway/access/read-access-file.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const secret = 'qvJ6tVxw0Fz3LhN8rYcA5eUk2mSdPb7G';
const good = { id: 'backup', secret, rules: [{ access: 'write', buckets: ['b'] }] };

function faultOf(document: unknown): string {
  const text = typeof document === 'string' ? document : JSON.stringify(document);
  try {
    parseAccessKeys(text, 'keys.json');
  } catch (error) {
    // Neither what is said nor what stands behind it may tell a secret.
    expect(inspect(error, { depth: 9 })).not.toContain(secret);
    return (error as Error).message;
  }
  throw new Error(`${text} was taken`);
}

describe('a file of access keys', () => {
  it('is read as it is written', () => {
    const { keys, anonymous } = parseAccessKeys(
      JSON.stringify({
        keys: [good, { ...good, id: 'all.of-it_2', rules: [{ access: 'admin' }] }],
        anonymous: [{ access: 'read', buckets: ['pub*'], prefixes: ['www/'] }],
      }),
      'keys.json',
    );
    expect(keys.map(({ id, secret: s, rules }) => [id, s, rules])).toEqual([
      ['backup', secret, [{ access: 'write', buckets: ['b'], prefixes: [] }]],
      ['all.of-it_2', secret, [{ access: 'admin', buckets: ['*'], prefixes: [] }]],
    ]);
    expect(anonymous).toEqual([{ access: 'read', buckets: ['pub*'], prefixes: ['www/'] }]);
    expect(JSON.stringify(accessKeysJsonSchema())).toContain('"secret"');
  });

  it.each([
    [
      'no JSON',
      `{"keys": [{"id": "a", "secret": "${secret}" "rules": []}]}`,
      /keys\.json is not JSON \(line 1, column \d+\)/,
    ],
    ['nothing', '', /is not JSON/],
    ['a list', [good], /it must be an object with keys/],
    ['null', null, /must be an object with keys/],
    ['no keys', {}, /keys must be a list of access keys/],
    ['an unknown name', { keys: [good], anonymus: [] }, /it has what is not known here: anonymus/],
    [
      'a secret for a name',
      { keys: [{ ...good, [secret]: 'x' }] },
      /keys\[0\] has what is not known here: a name that is no word/,
    ],
    ['no id', { keys: [{ ...good, id: undefined }] }, /keys\[0\]\.id must be the id/],
    ['a number for a secret', { keys: [{ ...good, secret: 12 }] }, /keys\[0\]\.secret must be the secret/],
    ['no rules', { keys: [{ ...good, rules: undefined }] }, /keys\[0\]\.rules must be a list of rules/],
    ['empty rules', { keys: [{ ...good, rules: [] }] }, /keys\[0\]\.rules is empty/],
    [
      'an unknown level',
      { keys: [{ ...good, rules: [{ access: 'all' }] }] },
      /keys\[0\]\.rules\[0\]\.access must be read, write or admin/,
    ],
    ['no buckets', { keys: [{ ...good, rules: [{ access: 'read', buckets: [] }] }] }, /buckets is empty/],
    [
      'a path for a bucket',
      { keys: [{ ...good, rules: [{ access: 'read', buckets: ['b/x'] }] }] },
      /buckets\[0\] must be the name of a bucket/,
    ],
    ['an empty prefix', { keys: [{ ...good, rules: [{ access: 'read', prefixes: [''] }] }] }, /prefixes\[0\] is empty/],
    [
      'a star in a prefix',
      { keys: [{ ...good, rules: [{ access: 'read', prefixes: ['a/*'] }] }] },
      /write photos\/ for photos\/\*/,
    ],
    ['an id twice', { keys: [good, { ...good }] }, /keys\[1\]\.id is that of another key too/],
    ['anonymous admins', { keys: [good], anonymous: [{ access: 'admin' }] }, /anonymous cannot be admin/],
    ['a short id', { keys: [{ ...good, id: 'ab' }] }, /keys\[0\]\.id must be 3 to 128/],
    ['a slash in an id', { keys: [{ ...good, id: 'a/bc' }] }, /keys\[0\]\.id must be 3 to 128/],
  ])('is refused for %s', (_, document, message) => {
    expect(faultOf(document)).toMatch(message);
  });

  it.each([
    ['', /secret is empty/],
    ['short', /secret is shorter than 16/],
    ['fifteen-chars-x', /secret is shorter than 16/],
    [`${secret} x`, /secret has blanks/],
    ['aaaaaaaaaaaaaaaaaaaaaaaa', /secret is too simple/],
    ['wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', /secret is a default that everybody knows/],
    ['minioadminminioadmin', /secret is a default that everybody knows/],
    ['PasswordPassword', /secret is a default that everybody knows/],
    ['your-secret-access-key', /secret is a default that everybody knows/],
    ['the-very-id-of-it', /secret is a default that everybody knows/],
    ['x'.repeat(257), /longer than 256/],
  ])('A16: the secret %j is refused', (bad, message) => {
    const fault = faultOf({ keys: [{ ...good, id: 'the-very-id-of-it', secret: bad }] });
    expect(fault).toMatch(message);
    if (bad.length > 16) expect(fault).not.toContain(bad);
  });

  it.each(['minioadmin', 'admin', 'Admin', 'password', 'test', 'AKIAIOSFODNN7EXAMPLE'])(
    'A16: the id %s is refused',
    (id) => {
      expect(faultOf({ keys: [{ ...good, id }] })).toMatch(/keys\[0\]\.id is a default that everybody knows/);
      expect(() => soleAccessKey(id, secret, { id: 'THE_ID', secret: 'THE_SECRET' })).toThrow(/^THE_ID is a default/);
    },
  );

  it('A16: a key that stands in no file is judged as well, by the name of its place', () => {
    const names = { id: 'THE_ID', secret: 'THE_SECRET' };
    expect(() => soleAccessKey('mine', '', names)).toThrow(/^THE_SECRET is empty/);
    expect(() => soleAccessKey('', secret, names)).toThrow(/^THE_ID must be/);
    expect(soleAccessKey('mine', secret, names).rules).toEqual([{ access: 'admin', buckets: ['*'], prefixes: [] }]);
  });
});

describe('reading it', () => {
  it('tells whether others may read it', async () => {
    const path = join(await temporaryDirectory(), 'keys.json');
    await writeFile(path, JSON.stringify({ keys: [good] }), { mode: 0o600 });
    expect((await readAccessFile(path)).readableByOthers).toBe(false);
    for (const mode of [0o640, 0o604, 0o644]) {
      await chmod(path, mode);
      const { document, readableByOthers } = await readAccessFile(path);
      expect([document.keys[0]!.id, readableByOthers]).toEqual(['backup', true]);
    }
  });

  it('says what it cannot read', async () => {
    const folder = await temporaryDirectory();
    await expect(readAccessFile(join(folder, 'nothing.json'))).rejects.toThrow(
      /nothing\.json cannot be read \(ENOENT\)/,
    );
    await expect(readAccessFile(folder)).rejects.toThrow(/cannot be read \(EISDIR\)/);
    await writeFile(join(folder, 'large.json'), Buffer.alloc(4 * 2 ** 20 + 1, ' '));
    await expect(readAccessFile(join(folder, 'large.json'))).rejects.toThrow(/it is no file of access keys/);
  });
});
