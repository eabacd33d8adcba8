import { createHash } from 'node:crypto';
import { readdir, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { escapeUri, signedByHeader } from '../s3-protocol/sdk-signer.ts';
import { noteFault } from '../support/fault-log.ts';
import { type RawAnswer, requestBytes } from '../support/gateway/raw-exchange.ts';
import {
  expectSilent,
  hostOf,
  openSignedGround,
  refusedAtTheGateway,
  type SignedGround,
  saidBy,
  secretsAt,
  signedBucket,
  storedNames,
} from '../support/gateway/signed-ground.ts';
import { type PutOptions, signedPut } from '../support/gateway/signed-put.ts';

// P01–P05 at the gateway over its embedded store: documents, names, links, metadata and encodings made to break out.

let ground: SignedGround;
beforeAll(async () => {
  ground = await openSignedGround();
});
afterAll(() => ground?.stop());

const path = `/${signedBucket}/key`;

async function put(target: string, content: Uint8Array, options: PutOptions = {}): Promise<RawAnswer> {
  const { request, pieces } = await signedPut(target, content, options);
  const headers = [...hostOf(request), ['Connection', 'close'] as const];
  const { answers } = await ground.send(requestBytes({ ...request, headers }, Buffer.concat(pieces)));
  return answers[0]!;
}

async function got(target: string): Promise<RawAnswer> {
  const request = await signedByHeader({ path: target }, { atMs: Date.now() });
  const headers = [...hostOf(request), ['Connection', 'close'] as const];
  return (await ground.send(requestBytes({ ...request, headers }, Buffer.alloc(0)))).answers[0]!;
}

const headerOf = ({ headers }: RawAnswer, name: string): string | undefined =>
  headers.find(([found]) => found.toLowerCase() === name)?.[1];

describe('P01: documents made to break or to stall who reads them', () => {
  const mib = 2 ** 20;
  const laughs = Array.from({ length: 9 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join('');
  const documents: [string, string][] = [
    ['a DOCTYPE', '<!DOCTYPE Delete SYSTEM "file:///etc/passwd"><Delete/>'],
    ['an external entity', '<!DOCTYPE d [<!ENTITY x SYSTEM "http://127.0.0.1/">]><Delete>&x;</Delete>'],
    ['a billion laughs', `<!DOCTYPE d [<!ENTITY l0 "ha">${laughs}]><Delete>&l9;</Delete>`],
    ['references to no character', '<Delete><Object><Key>&#0;&#xFFFFFFFFF;</Key></Object></Delete>'],
    ['10 MB', '<Delete>'.repeat((10 * mib) / 8)],
    ['a depth of 100,000', `${'<a>'.repeat(100_000)}${'</a>'.repeat(100_000)}`],
    ['a CDATA section without end', `<Delete><Object><Key><![CDATA[${'x'.repeat(mib)}`],
    ['another namespace', '<Delete xmlns="urn:x"><Object><Key>a</Key></Object></Delete>'],
    ['nothing', ''],
    ['1,001 keys', `<Delete>${'<Object><Key>a</Key></Object>'.repeat(1001)}</Delete>`],
  ];

  it('are refused, and nothing is deleted', async () => {
    for (const [label, document] of documents) {
      const body = Buffer.from(document);
      const headers = {
        'content-md5': createHash('md5').update(body).digest('base64'),
        'x-amz-content-sha256': createHash('sha256').update(body).digest('hex'),
      };
      const plain = { method: 'POST', path: `/${signedBucket}`, query: { delete: '' }, headers };
      const request = await signedByHeader(plain, { atMs: Date.now() });
      const startMs = performance.now();
      const said = await refusedAtTheGateway(ground, request, { body });
      expect(said, label).toMatch(
        /^400 (?:MalformedXML|MaxMessageLengthExceeded|EntityTooLarge|MissingRequestBodyError)$/,
      );
      expect(performance.now() - startMs, label).toBeLessThan(5000);
    }
    noteFault({ id: 'P01', injected: 'documents to DeleteObjects', reached: documents.length, outcome: '400' });
  });
});

describe('P02: names made to be paths', () => {
  const odd = [
    ...['..', '../', '../outside', `${'../'.repeat(20)}etc/passwd`, 'a/../../outside', '/etc/passwd', '//', '.', './a'],
    ...['..\\outside', 'C:\\outside', '%00', '%2e%2e%2foutside', '%c0%ae%c0%ae/', '\0', 'a\0b', 'a\nb', 'a\r\nb'],
    ...['CON', 'NUL', 'a.', 'a ', 'A', 'a', 'a/b', '\u202egpj.exe', '\ufeffa', '~', '$HOME', '-rf'],
  ];

  it('are names, and nothing else', async () => {
    const before = await readdir(join(ground.gateway.folder, '..')).then((names) => new Set(names));
    for (const key of odd) {
      const target = `/${signedBucket}/${key.split('/').map(escapeUri).join('/')}`;
      expect(saidBy(await put(target, Buffer.from(key))), JSON.stringify(key)).toBe('200');
      expect((await got(target)).body.toString(), JSON.stringify(key)).toBe(key);
    }
    expect([...(await storedNames(ground))].sort()).toEqual([...odd].sort());
    // Below the store's folder no file has a name that a client gave, and beside it there is nothing new.
    const files = await readdir(ground.gateway.folder, { recursive: true });
    expect(files.filter((name) => /outside|passwd|CON|NUL|gpj/.test(name))).toEqual([]);
    const after = await readdir(join(ground.gateway.folder, '..'));
    expect(after.filter((name) => !before.has(name) && !name.startsWith('sealpart-'))).toEqual([]);
    noteFault({ id: 'P02', injected: 'keys made to be paths', reached: odd.length, outcome: 'objects of their own' });
  });

  it('that are too long, or no text, are refused', async () => {
    const targets: [string, string][] = [
      [`/${signedBucket}/${'k'.repeat(1025)}`, '400 KeyTooLongError'],
      [`/${signedBucket}/${'%C3%A9'.repeat(513)}`, '400 KeyTooLongError'],
      [`/${signedBucket}/%C0%AE`, '400 InvalidURI'],
      ['/../key', '400 InvalidBucketName'],
      ['/%2e%2e/key', '400 InvalidBucketName'],
      ['/a%2fb/key', '400 InvalidBucketName'],
    ];
    for (const [target, code] of targets) {
      const { request } = await signedPut(target, Buffer.from('x'));
      expect(await refusedAtTheGateway(ground, request), target).toBe(code);
    }
    noteFault({ id: 'P02', injected: 'names that are none', reached: targets.length, outcome: '400' });
  });
});

describe('P03: a link planted in the folder of the store', () => {
  it('is not followed', async () => {
    expect(saidBy(await put(`/${signedBucket}/linked`, Buffer.alloc(5000, 'x')))).toBe('200');
    const elsewhere = join(ground.gateway.folder, 'precious');
    await writeFile(elsewhere, Buffer.alloc(8192, 'precious '));
    const store = join(ground.gateway.folder, 'store');
    let planted = 0;
    for (const name of await readdir(store, { recursive: true })) {
      const file = join(store, name);
      if (!(await stat(file)).isFile() || /catalogue|\.db|lock|wal|shm/i.test(name)) continue;
      await rename(file, `${file}.kept`);
      await symlink(elsewhere, file);
      planted++;
    }
    const answer = await got(`/${signedBucket}/linked`).catch(() => undefined);
    expect(answer?.body.includes('precious') ?? false).toBe(false);
    expect(answer?.status).not.toBe(200);
    if (answer) expectSilent(answer, secretsAt(Date.now()));
    noteFault({ id: 'P03', injected: 'links in place of data', reached: planted, outcome: 'not followed' });
  });
});

describe('P04: metadata', () => {
  it('of more than two kilobytes, or under the gateway’s names, is refused', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 100 }, (_, i) => [`x-amz-meta-k${String(i).padStart(3, '0')}`, 'v'.repeat(17)]),
    );
    const cases: [Record<string, string>, string][] = [
      [many, '400 MetadataTooLarge'],
      [{ 'x-amz-meta-sealpart-record': 'forged' }, '400 InvalidArgument'],
      [{ 'x-amz-meta-sealpart-': '' }, '400 InvalidArgument'],
    ];
    for (const [headers, code] of cases) {
      for (const where of ['header', 'query'] as const) {
        const { request } = await signedPut(path, Buffer.from('x'), { headers, where });
        expect(await refusedAtTheGateway(ground, request)).toBe(code);
      }
    }
    noteFault({ id: 'P04', injected: 'metadata that may not be', reached: 6, outcome: '400, nothing stored' });
  });

  it('of the gateway is in no answer', async () => {
    const target = `/${signedBucket}/with metadata`.replace(' ', '%20');
    expect(saidBy(await put(target, Buffer.from('x'), { headers: { 'x-amz-meta-mine': 'yes' } }))).toBe('200');
    const answer = await got(target);
    expect(headerOf(answer, 'x-amz-meta-mine')).toBe('yes');
    const names = answer.headers.map(([name]) => name.toLowerCase());
    expect(names.filter((name) => name.includes('sealpart'))).toEqual([]);
    noteFault({
      id: 'P04',
      injected: 'an object with a record of ours',
      reached: 1,
      outcome: 'the record is not told',
    });
  });
});

describe('P05: encodings', () => {
  it('are kept and never undone, but aws-chunked, which is taken off exactly', async () => {
    const bomb = gzipSync(Buffer.alloc(2 ** 24));
    const cases: [string, Buffer, PutOptions['payload'], string | undefined][] = [
      ['gzip', bomb, 'sha256', 'gzip'],
      ['aws-chunked,gzip', bomb, 'signedChunks', 'gzip'],
      ['gzip,aws-chunked', bomb, 'unsignedTrailer', 'gzip'],
      ['aws-chunked', bomb, 'signedTrailer', undefined],
      ['br', Buffer.from('not brotli'), 'unsigned', 'br'],
    ];
    for (const [encoding, content, payload, kept] of cases) {
      const target = `/${signedBucket}/${payload}`;
      const answer = await put(target, content, { payload: payload!, headers: { 'content-encoding': encoding } });
      expect(saidBy(answer), encoding).toBe('200');
      const back = await got(target);
      expect(back.body.equals(content), encoding).toBe(true);
      expect(headerOf(back, 'content-encoding'), encoding).toBe(kept);
    }
    // A body in chunks that says nothing of them is what it looks like: content.
    const { pieces } = await signedPut(path, Buffer.from('hello'), { payload: 'unsignedTrailer' });
    const target = `/${signedBucket}/literal`;
    expect(saidBy(await put(target, pieces[0]!, { headers: { 'content-encoding': 'aws-chunked' } }))).toMatch(
      /^200|^400/,
    );
    noteFault({ id: 'P05', injected: 'encodings of bodies', reached: cases.length + 1, outcome: 'kept as they are' });
  });
});
