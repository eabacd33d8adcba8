import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { objectNameHash } from '../../src/crypto/object-name.ts';
import { encodeFields, type HeaderField } from '../../src/format/header-fields.ts';
import { headerOverhead, parseStreamHeader } from '../../src/format/stream-header.ts';
import type { StreamParameters } from '../../src/format/stream-parameters.ts';
import { headerLenFor } from '../../src/keys/header-len.ts';
import { keyFileRecipient } from '../../src/keys/key-file.ts';
import { kmsRecipient } from '../../src/keys/kms-recipient.ts';
import { openHeader } from '../../src/keys/open-header.ts';
import { passphraseRecipient } from '../../src/keys/passphrase.ts';
import type { Recipient } from '../../src/keys/recipient.ts';
import { type SealHeaderRequest, sealHeader } from '../../src/keys/seal-header.ts';
import { x25519Recipient } from '../../src/keys/x25519.ts';
import { generateX25519Key, x25519PublicBytes } from '../../src/keys/x25519-keys.ts';
import { expectNoSecret } from '../contracts/key-provider.ts';
import {
  failureOf,
  keyFileReader,
  keyFileWriter,
  keyOf,
  MemoryKms,
  never,
  smallParameters,
  someArn,
} from './fixtures.ts';

type Changes = Partial<SealHeaderRequest>;
const seal = (changes: Changes = {}) =>
  sealHeader({ parameters: smallParameters, recipients: keyFileWriter, ...changes }, never());

const keyFiles = (count: number): Recipient[] =>
  Array.from({ length: count }, (_, i) => keyFileRecipient(keyOf(i + 1)));
const kmsKeys = (count: number): Recipient[] =>
  Array.from({ length: count }, (_, i) => kmsRecipient(new MemoryKms(), `${someArn}${i}`));

describe('sealing a header', () => {
  test('gives what parses and opens (§1.20, §1.31)', async () => {
    const sealed = await seal({ context: { who: 'me', where: 'hïer' } });
    const parsed = parseStreamHeader(sealed.header.bytes);
    expect(parsed).toEqual(sealed.header);
    const opened = await openHeader(parsed, keyFileReader, never());
    expect(opened.keys.dataKey.equals(sealed.keys.dataKey)).toBe(true);
    expect(opened.coreHash).toEqual(sealed.coreHash);
    expect(opened.openedBy).toBe('keyFile');
    expect(sealed.header.core.parameters).toEqual(smallParameters);
  });

  test('with a suite or digest that there is none of is refused as the caller’s mistake', async () => {
    for (const change of [{ suite: 7 }, { suite: 0 }, { suite: 1.5 }, { digestAlg: 9 }, { digestAlg: '2' }]) {
      const parameters = { ...smallParameters, ...change } as StreamParameters;
      const { message } = await failureOf(seal({ parameters }), 'bad-parameters');
      expect(message).toMatch(/: take 1(, 2)? or [23]\.$/);
    }
  });

  test('draws everything afresh for each stream (§9.1)', async () => {
    const [a, b] = [await seal(), await seal()];
    expect(a.keys.dataKey.equals(b.keys.dataKey)).toBe(false);
    expect(a.header.core.streamId).not.toEqual(b.header.core.streamId);
    expect(a.header.core.salt).not.toEqual(b.header.core.salt);
    expect(a.header.core.keyCommit).not.toEqual(b.header.core.keyCommit);
  });

  test('carries context, object and origin as fields (§1.18, §8.1)', async () => {
    const { header } = await seal({
      context: new Map([
        ['b', ''],
        ['a', '2'],
      ]),
      objectName: { bucket: 'photos', key: 'été' },
      originKey: keyOf(9),
    });
    expect(header.fields.map(({ kind }) => kind)).toEqual(['context', 'context', 'object', 'keyFile', 'origin']);
    expect(header.fields.slice(0, 2)).toEqual([
      { kind: 'context', name: 'a', value: '2' },
      { kind: 'context', name: 'b', value: '' },
    ]);
    const object = header.fields.find((field) => field.kind === 'object');
    expect(object?.nameHash).toEqual(new Uint8Array(objectNameHash('photos', 'été')));
  });

  test('takes 1 to 16 recipients, one passphrase, four KMS keys', async () => {
    const long = { ...smallParameters, headerLen: 4096 };
    expect((await seal({ recipients: keyFiles(16), parameters: long })).header.fields.length).toBe(16);
    expect((await seal({ recipients: kmsKeys(4), parameters: long })).header.fields.length).toBe(4);
    const refusals: readonly [readonly Recipient[], string][] = [
      [[], 'needs a recipient'],
      [keyFiles(17), '17 were given'],
      [[passphraseRecipient('a'), passphraseRecipient('b')], 'one passphrase at most'],
      [kmsKeys(5), 'four|5 were given'],
    ];
    for (const [recipients, message] of refusals) {
      const error = await failureOf(seal({ recipients, parameters: long }), 'bad-parameters');
      expect(error.message).toMatch(new RegExp(message));
    }
  });

  test('refuses context that no reader would take', async () => {
    const contexts: readonly Changes['context'][] = [
      { '': 'x' },
      { a: '\ud800' },
      { '\udfff': 'a' },
      { a: 'x'.repeat(40_000) },
      { a: 'x'.repeat(70_000) },
    ];
    for (const context of contexts) await failureOf(seal({ context: context! }), 'bad-parameters');
    const entries = new Map([['__proto__', 'kept']]);
    expect((await seal({ context: entries })).header.fields[0]).toEqual({
      kind: 'context',
      name: '__proto__',
      value: 'kept',
    });
  });

  test('refuses what does not fit into the header, saying how long it is', async () => {
    const error = await failureOf(seal({ context: { note: 'x'.repeat(900) } }), 'bad-parameters');
    expect(error.message).toContain('1024 bytes has room for 880');
  });

  test('refuses sizes that the format does not allow as what was asked for', async () => {
    const wrong: readonly Partial<typeof smallParameters>[] = [
      { headerLen: 1000 },
      { segmentSizeLog2: 13 },
      { segmentSizeMaxLog2: 20 },
      { growEvery: 1 },
      { frameSizeLog2: 17 },
    ];
    for (const change of wrong) {
      await failureOf(seal({ parameters: { ...smallParameters, ...change } }), 'bad-parameters');
    }
  });

  test('fails as its recipients do, and stops when the signal fires', async () => {
    const kms = new MemoryKms();
    kms.fault = async () => {
      throw new Error('down');
    };
    await failureOf(seal({ recipients: [...keyFileWriter, kmsRecipient(kms, someArn)] }), 'kms-unavailable');
    const request = { parameters: smallParameters, recipients: keyFileWriter };
    await failureOf(sealHeader(request, AbortSignal.abort()), 'aborted');
  });

  test('shows no key of the stream', async () => {
    const sealed = await seal({ originKey: keyOf(9) });
    expectNoSecret(sealed, [sealed.keys.dataKey.export(), keyOf(9).export(), keyOf(0x51).export()]);
    expect(inspect(sealed.keys)).toContain('StreamKeys');
  });
});

describe('the length of a header', () => {
  const x25519 = x25519Recipient(x25519PublicBytes(generateX25519Key()));

  test('is 1,024 bytes, or 4,096 with a KMS key or more than 200 bytes of context (§1.7)', () => {
    expect(headerLenFor(keyFileWriter)).toBe(1024);
    expect(headerLenFor([...keyFiles(2), passphraseRecipient('p'), x25519])).toBe(1024);
    expect(headerLenFor(keyFileWriter, { context: { a: 'x'.repeat(199) } })).toBe(1024);
    expect(headerLenFor(keyFileWriter, { context: { a: 'x'.repeat(200) } })).toBe(4096);
    expect(headerLenFor(keyFileWriter, { context: { a: 'é'.repeat(100) } })).toBe(4096);
    expect(headerLenFor([...keyFileWriter, ...kmsKeys(1)])).toBe(4096);
    expect(headerLenFor(kmsKeys(4))).toBe(4096);
  });

  test('is as much more as is needed', () => {
    expect(headerLenFor(keyFiles(16))).toBe(1536);
    expect(headerLenFor(keyFileWriter, { context: { a: 'x'.repeat(4000) } })).toBe(4608);
  });

  test('ends where the format ends', async () => {
    await failureOf(() => headerLenFor(keyFileWriter, { context: { a: 'x'.repeat(32_700) } }), 'bad-parameters');
    expect(headerLenFor(keyFileWriter, { context: { a: 'x'.repeat(32_000) } })).toBe(32_768);
  });

  test('holds everything, and a rewrite that adds a name, an origin and a generation', async () => {
    for (const recipients of [keyFiles(1), keyFiles(10), keyFiles(16), kmsKeys(4), [x25519, ...keyFiles(8)]]) {
      for (const context of [{}, { note: 'x'.repeat(190) }, { note: 'x'.repeat(3000) }]) {
        const headerLen = headerLenFor(recipients, { context });
        const { header } = await seal({ recipients, context, parameters: { ...smallParameters, headerLen } });
        const added: HeaderField[] = [
          { kind: 'generation', generation: 1n },
          { kind: 'object', nameHash: new Uint8Array(32) },
          { kind: 'origin', keyId: new Uint8Array(8), mac: new Uint8Array(32) },
        ];
        const length = encodeFields([...header.fields, ...added]).length;
        expect(headerOverhead + length).toBeLessThanOrEqual(headerLen);
      }
    }
  });
});
