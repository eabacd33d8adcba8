import { createHash } from 'node:crypto';
import { Agent, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { DeleteObjectsCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operations } from '../../src/s3-protocol/routes/find-operation.ts';
import type { RawRequest } from '../../src/s3-protocol/signature/raw-request.ts';
import { runProcess } from '../cli/cli-process.ts';
import { signedByHeader, signedByQuery, withHeader, withHeaders, withParameter } from '../s3-protocol/sdk-signer.ts';
import { noteFault } from '../support/fault-log.ts';
import { requestBytes } from '../support/gateway/raw-exchange.ts';
import {
  expectSilent,
  hostOf,
  openSignedGround,
  refusedAtTheGateway,
  type SignedGround,
  saidBy,
  secretsAt,
  signedBucket,
} from '../support/gateway/signed-ground.ts';
import { signedPut } from '../support/gateway/signed-put.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

// A14, A16–A18 at the gateway: what a refusal tells by its time and by its words, what nobody may be known by, and what
// is the gateway's own.

let ground: SignedGround;
beforeAll(async () => {
  ground = await openSignedGround();
});
afterAll(() => ground?.stop());

const path = `/${signedBucket}/key`;
const signed = (secret?: string): Promise<RawRequest> =>
  signedByHeader({ method: 'GET', path }, { atMs: Date.now(), ...(secret && { secret }) });

function median(samples: number[]): number {
  return samples.sort((a, b) => a - b)[Math.floor(samples.length / 2)]!;
}

describe('A14: the comparison of signatures', () => {
  it('never fails in another way, whatever is given as a signature', async () => {
    const request = await signed();
    const right = /Signature=([0-9a-f]{64})$/.exec(request.headers.find(([name]) => name === 'authorization')![1])![1]!;
    const given = [
      ...['0', '0'.repeat(63), '0'.repeat(65), '0'.repeat(4096), right.slice(0, 63), `${right}0`, right.toUpperCase()],
      ...[`${right.slice(0, 62)}zz`, '\u00e9'.repeat(32), '%00', 'null', '[object Object]'],
    ];
    for (const signature of given) {
      const wrong = withHeader(request, 'authorization', (text) => text.replace(right, signature));
      expect(await refusedAtTheGateway(ground, wrong), signature.slice(0, 80)).toBe('403 SignatureDoesNotMatch');
    }
    noteFault({ id: 'A14', injected: 'signatures that are none', reached: given.length, outcome: '403' });
  });

  it('takes as long for a wrong first digit as for a wrong last one, and for an unknown key', async () => {
    const request = await signed();
    const change = (at: RegExp): RawRequest =>
      withHeader(request, 'authorization', (text) => text.replace(at, (digit) => (digit === '0' ? '1' : '0')));
    const unknown = await signedByHeader({ method: 'GET', path }, { atMs: Date.now(), accessKeyId: 'AKIDEXAMPLF' });
    const kinds = { first: change(/(?<=Signature=)[0-9a-f]/), last: change(/[0-9a-f]$/), unknown };
    const samples: Record<string, number[]> = { first: [], last: [], unknown: [] };
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const rounds = 400;
    // In turns, so that what the machine does meanwhile meets all of them alike.
    for (let round = 0; round < rounds; round++) {
      for (const [kind, wrong] of Object.entries(kinds)) {
        const tookMs = await timed(wrong, agent);
        if (round >= 50) samples[kind]!.push(tookMs);
      }
    }
    agent.destroy();
    const [first, last, other] = ['first', 'last', 'unknown'].map((kind) => median(samples[kind]!));
    expect(Math.abs(first! - last!) / last!).toBeLessThan(0.5);
    expect(other! / last!).toBeGreaterThan(0.5);
    noteFault({ id: 'A14', injected: 'refusals timed', reached: rounds * 3, outcome: 'one class of time' });
  });
});

/** Milliseconds until it is answered with 403. */
function timed({ method, target, headers }: RawRequest, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const fields = Object.fromEntries(headers.map(([name, value]) => [name, value]));
    const options = { host: '127.0.0.1', port: ground.port, path: target, method, headers: fields, agent };
    const request = httpRequest(options, (response) => {
      response.resume();
      response.once('end', () => {
        if (response.statusCode !== 403) reject(new Error(`It was answered with ${response.statusCode}.`));
        else resolve(performance.now() - start);
      });
    });
    request.once('error', reject);
    request.end();
  });
}

describe('A16: a secret that everybody knows', () => {
  it('is none: the gateway does not start', async () => {
    const folder = await temporaryDirectory();
    const keyFile = join(folder, 'key');
    expect((await runProcess(['keygen', '-o', keyFile])).exitCode).toBe(0);
    const right = 'zUq6GfJr+Tt3/4nNsEcReT0fTheTestGateway99';
    const pairs: [string | undefined, string | undefined][] = [
      ['mine', ''],
      ['', right],
      ['mine', undefined],
      [undefined, right],
      ['mine', 'short'],
      ['minioadmin', 'minioadmin'],
      ['admin', right],
      ['mine', 'minioadminminioadmin'],
      ['AKIAIOSFODNN7EXAMPLE', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'],
      ['mine', 'aaaaaaaaaaaaaaaaaaaaaaaa'],
    ];
    for (const [id, secret] of pairs) {
      const env: Record<string, string> = { HOME: folder, XDG_STATE_HOME: folder, XDG_CONFIG_HOME: folder };
      if (id !== undefined) env.SEALPART_ACCESS_KEY_ID = id;
      if (secret !== undefined) env.SEALPART_SECRET_ACCESS_KEY = secret;
      const places = [
        '--store',
        `dir:${folder}/store`,
        '--manifest',
        `sqlite:${folder}/manifest.db`,
        '--key-file',
        keyFile,
      ];
      const args = ['gateway', '--listen', '127.0.0.1:0', '--admin-listen', 'none', ...places];
      const { exitCode, stderr } = await runProcess(args, { env, cwd: folder });
      expect(exitCode, `${id}, ${secret}: ${stderr}`).toBeGreaterThan(0);
      expect(stderr).toMatch(/SEALPART_(?:ACCESS_KEY_ID|SECRET_ACCESS_KEY)/);
      if (secret && secret.length > 5) expect(stderr).not.toContain(secret);
    }
    noteFault({ id: 'A16', injected: 'access keys that are none', reached: pairs.length, outcome: 'no start' });
  }, 120_000);
});

describe('A17: keys of the gateway', () => {
  const own = '.sealpart/held/upload/1-0';

  beforeAll(async () => {
    const { store } = ground.gateway;
    const quiet = new AbortController().signal;
    await store.put({ bucket: signedBucket, key: own }, Buffer.from('held'), {}, {}, quiet);
    await store.put({ bucket: signedBucket, key: 'theirs' }, Buffer.from('theirs'), {}, {}, quiet);
  });

  it('are refused to every operation on objects, however they are written', async () => {
    const onObjects = operations.filter(
      ({ level, treatment, body }) => level === 'object' && treatment !== 'not-implemented' && body.kind !== 'json',
    );
    let reached = 0;
    for (const { method, selectors, name } of onObjects) {
      for (const key of [own, own.replace('.', '%2E'), own.replaceAll('/', '%2F'), '.sealpart//']) {
        const query = Object.fromEntries(selectors.map((selector) => [selector, '']));
        const request = await signedByHeader({ method, path: `/${signedBucket}/${key}`, query }, { atMs: Date.now() });
        const said = await refusedAtTheGateway(ground, request, { body: Buffer.alloc(0) });
        expect(said, `${name} ${key}`).toMatch(/^403/);
        reached++;
      }
    }
    noteFault({ id: 'A17', injected: 'operations on keys of the gateway', reached, outcome: '403 AccessDenied' });
  });

  it('are in no list, and are not deleted with others', async () => {
    const queries = [{}, { prefix: '.sealpart/' }, { delimiter: '/' }, { prefix: '.', delimiter: '/' }];
    const kinds = [{}, { 'list-type': '2' }, { versions: '' }];
    const lists = kinds.flatMap((kind) => queries.map((query): Record<string, string> => ({ ...query, ...kind })));
    for (const query of lists) {
      const request = await signedByHeader({ path: `/${signedBucket}`, query }, { atMs: Date.now() });
      const { answers } = await ground.send(requestBytes({ ...request, headers: hostOf(request) }, Buffer.alloc(0)));
      // The prefix that was asked for is told back.
      const said = answers[0]!.body.toString().replace(/<Prefix>\.sealpart\/<\/Prefix>(?=<)/, '');
      expect([answers[0]!.status, JSON.stringify(query)]).toEqual([200, JSON.stringify(query)]);
      expect(said.includes('held'), said).toBe(false);
      if (!('prefix' in query)) expect(said).not.toContain('.sealpart');
    }
    const Delete = { Objects: [{ Key: own }] };
    const { Errors, Deleted } = await ground.client.send(new DeleteObjectsCommand({ Bucket: signedBucket, Delete }));
    expect([Errors?.map(({ Code }) => Code), Deleted]).toEqual([['AccessDenied'], undefined]);
    const { sizeBytes } = await ground.gateway.store.head(
      { bucket: signedBucket, key: own },
      new AbortController().signal,
    );
    expect(sizeBytes).toBe(4);
    noteFault({
      id: 'A17',
      injected: 'lists and deletions',
      reached: lists.length + 1,
      outcome: 'not told, not deleted',
    });
  });

  it('are nowhere to copy from', async () => {
    const headers = { 'x-amz-copy-source': `/${signedBucket}/${own}` };
    const request = await signedByHeader({ method: 'PUT', path, headers }, { atMs: Date.now() });
    expect(await refusedAtTheGateway(ground, request, { body: Buffer.alloc(0) })).toMatch(
      /^403 AccessDenied|^501 NotImpl/,
    );
    noteFault({ id: 'A17', injected: 'copies of keys of the gateway', reached: 1, outcome: 'refused' });
  });
});

describe('A18: errors', () => {
  it('never tell the secret, the key made of it, or the signature that would have been right', async () => {
    const plain = { method: 'PUT', path };
    const atMs = Date.now();
    const [inHeader, inQuery] = [await signedByHeader(plain, { atMs }), await signedByQuery(plain, { atMs })];
    const forged = 'f'.repeat(64);
    const rightOf = (request: RawRequest): string => /Signature=([0-9a-f]{64})/.exec(JSON.stringify(request))![1]!;
    const secrets = [rightOf(inHeader), rightOf(inQuery)];
    const wrong: RawRequest[] = [inHeader, inQuery].flatMap((request) => {
      const target = request.target.replace(rightOf(request), forged);
      const changed = withHeader({ ...request, target }, 'authorization', (text) =>
        text.replace(rightOf(request), forged),
      );
      return [changed, withHeaders(changed, ['x-amz-acl', 'private']), { ...changed, target: `/%${changed.target}` }];
    });
    const customer = { 'x-amz-server-side-encryption-customer-key': 'c2VjcmV0IGtleSBvZiBhIGNsaWVudCwgMzIgYnl0ZXM=' };
    secrets.push(customer['x-amz-server-side-encryption-customer-key']);
    wrong.push(await signedByHeader({ ...plain, headers: customer }, { atMs, secret: 'not the secret' }));
    wrong.push(await signedByQuery(plain, { atMs, secret: 'not the secret' }));
    for (const request of wrong) await refusedAtTheGateway(ground, request, { secrets });
    noteFault({ id: 'A18', injected: 'wrong signatures', reached: wrong.length, outcome: 'nothing secret' });
  });

  it('repeat nothing that a document, a header or a log line could not hold', async () => {
    const request = await signedByQuery({ method: 'GET', path }, { atMs: Date.now() });
    let reached = 0;
    for (const name of ['Signature', 'Credential', 'Algorithm', 'Date', 'Expires', 'SignedHeaders']) {
      for (const value of ['%00', '%0d%0aInjected:%20x', '%1b%5b2J', '%3C%2FMessage%3E%3CCode%3EOK']) {
        const changed = withParameter(request, `X-Amz-${name}`, value);
        const { answers } = await ground.send(requestBytes({ ...changed, headers: hostOf(changed) }, Buffer.alloc(0)));
        expect(answers).toHaveLength(1);
        const { headers, body, status } = answers[0]!;
        expect(status).toBeGreaterThanOrEqual(400);
        expect(headers.map(([header]) => header.toLowerCase())).not.toContain('injected');
        expect(/[^\n\x20-\x7e]/.test(body.toString('latin1')), `${name}=${value}`).toBe(false);
        expect(body.toString().match(/<Code>/g)).toHaveLength(1);
        expectSilent(answers[0]!, secretsAt(Date.now()));
        reached++;
      }
    }
    noteFault({ id: 'A18', injected: 'values that break out', reached, outcome: 'escaped or left out' });
  });

  it('in the middle of a body tell no more', async () => {
    const { request, pieces, seed } = await signedPut(path, Buffer.alloc(20_000, 'x'), { payload: 'signedChunks' });
    const body = Buffer.concat(pieces);
    const chunkSignature = /chunk-signature=([0-9a-f]{64})/.exec(pieces[1]!.toString('latin1'))![1]!;
    const at = pieces[0]!.length + pieces[1]!.indexOf(chunkSignature);
    body.write('f'.repeat(64), at, 'latin1');
    const said = await refusedAtTheGatewayInBody(request, body, [chunkSignature, seed.signature]);
    expect(said).toBe('403 SignatureDoesNotMatch');
    noteFault({ id: 'A18', injected: 'a wrong chunk', reached: 1, outcome: 'nothing secret' });
  });

  it('name the server and nothing of what it is made of', async () => {
    const { answers } = await ground.send(Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
    const server = answers[0]!.headers.find(([name]) => name.toLowerCase() === 'server')?.[1] ?? '';
    expect(server).not.toMatch(/\d/);
    expect(saidBy(answers[0]!)).toBe('403 AccessDenied');
    noteFault({ id: 'A18', injected: 'a request without anything', reached: 1, outcome: 'no banner' });
  });
});

async function refusedAtTheGatewayInBody(
  request: RawRequest,
  body: Uint8Array,
  secrets: readonly string[],
): Promise<string> {
  const { answers } = await ground.send(requestBytes({ ...request, headers: hostOf(request) }, body));
  expect(answers).toHaveLength(1);
  expectSilent(answers[0]!, [...secretsAt(Date.now()), ...secrets, createHash('sha256').update(body).digest('hex')]);
  return saidBy(answers[0]!);
}
