import { GetObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HeaderField, RawRequest } from '../../src/s3-protocol/signature/raw-request.ts';
import { botocoreIsHere, signedByBotocore } from '../s3-protocol/botocore-signer.ts';
import { escapeUri, signedByHeader, signedByQuery } from '../s3-protocol/sdk-signer.ts';
import { noteFault } from '../support/fault-log.ts';
import { type RawAnswer, requestBytes } from '../support/gateway/raw-exchange.ts';
import {
  hostOf,
  openSignedGround,
  refusedAtTheGateway,
  type SignedGround,
  saidBy,
  signedBucket,
  storedNames,
} from '../support/gateway/signed-ground.ts';
import { signedPut } from '../support/gateway/signed-put.ts';

// A07 at the gateway: keys that may be written in more than one way. Each is put under the name that the SDK signs, comes
// back under it and no other, and botocore's signature of the same name reads it.

let ground: SignedGround;
beforeAll(async () => {
  ground = await openSignedGround();
});
afterAll(() => ground?.stop());

const keys = [
  ...['/', '//', '//a//', '.', '..', '../..', './a', '/./a', 'a/', 'a/../b', ' ', '  ', ' a', 'a ', '+', 'a+b', 'a b'],
  ...['%', '%%', '%41', '%2F', '%2f', '%252e', '%252F', '%00', "!'()*", '~-_.', '&', '=', 'a=b&c=d', '?', '?a', '#'],
  ...[
    ';',
    ':',
    '@',
    ',',
    '$',
    '<>"\\^`{|}',
    'caf\u00e9',
    'cafe\u0301',
    '\u212b',
    '\u00e5',
    '\u65e5\u672c',
    '\u{1f600}',
  ],
  ...['\u00a0', '\u200b'],
];
const targetOf = (key: string): string => `/${signedBucket}/${key.split('/').map(escapeUri).join('/')}`;

/** On a connection that ends with its answer. */
async function answersTo(request: RawRequest, body: Uint8Array = Buffer.alloc(0)): Promise<readonly RawAnswer[]> {
  const headers: HeaderField[] = [...hostOf(request), ['Connection', 'close']];
  return (await ground.send(requestBytes({ ...request, headers }, body))).answers;
}

describe('A07: odd keys at the gateway', () => {
  it('are kept apart, whichever of their names are alike', async () => {
    for (const key of keys) {
      const { request, pieces } = await signedPut(targetOf(key), Buffer.from(key));
      const answers = await answersTo(request, Buffer.concat(pieces));
      expect(answers.map(saidBy), key).toEqual(['200']);
    }
    expect([...(await storedNames(ground))].sort()).toEqual([...keys].sort());
    for (const key of keys) {
      for (const sign of [signedByHeader, signedByQuery]) {
        const request = await sign({ path: targetOf(key) }, { atMs: Date.now() });
        const answers = await answersTo(request);
        expect([answers[0]!.status, answers[0]!.body.toString()], key).toEqual([200, key]);
      }
      const { Body } = await ground.client.send(new GetObjectCommand({ Bucket: signedBucket, Key: key }));
      expect(await Body!.transformToString(), key).toBe(key);
    }
    noteFault({ id: 'A07', injected: 'odd keys over the wire', reached: keys.length, outcome: 'each its own object' });
  });

  it.skipIf(!botocoreIsHere)('are read by what botocore signs', async () => {
    // botocore takes a path that begins with two slashes for a host.
    const requests = keys.map((key) => ({ method: 'GET', target: targetOf(key), headers: {} }));
    const signed = signedByBotocore(requests);
    for (const [i, request] of signed.entries()) {
      const answers = await answersTo(request);
      const key = keys[Math.floor(i / 2)]!;
      expect([answers[0]!.status, answers[0]!.body.toString()], request.target).toEqual([200, key]);
    }
    noteFault({ id: 'A07', injected: 'odd keys signed by botocore', reached: signed.length, outcome: 'read' });
  });

  it('are never taken for one another', async () => {
    const pairs = [
      ['a', '/a'],
      ['a', './a'],
      ['b', 'a/../b'],
      ['a', 'a/'],
      ['a b', 'a+b'],
      ['%41', 'A'],
      ['%2F', '/'],
      ['caf\u00e9', 'cafe\u0301'],
    ] as const;
    for (const [one, other] of [...pairs, ...pairs.map(([a, b]) => [b, a] as const)]) {
      const { request } = await signedPut(targetOf(one), Buffer.from('x'));
      const said = await refusedAtTheGateway(ground, { ...request, target: targetOf(other) });
      expect(said, `${one} as ${other}`).toBe('403 SignatureDoesNotMatch');
    }
    expect([...(await storedNames(ground))].sort()).toEqual([...keys].sort());
    noteFault({ id: 'A07', injected: 'keys taken for others', reached: pairs.length * 2, outcome: '403' });
  });

  it('are refused where the target is none', async () => {
    const { request } = await signedPut(`/${signedBucket}/key`, Buffer.from('x'));
    for (const target of ['/%', '/%4', '/%zz', `/${signedBucket}/key?a=%`, `/${signedBucket}/%ff`, '*', 'bucket/key']) {
      expect(await refusedAtTheGateway(ground, { ...request, target }), target).toMatch(
        /^400|^403 SignatureDoesNotMatch$/,
      );
    }
    noteFault({ id: 'A07', injected: 'targets that are none', reached: 7, outcome: '400' });
  });
});
