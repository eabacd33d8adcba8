import { describe, expect, test } from 'vitest';
import { StreamKeys } from '../../src/crypto/key-schedule.ts';
import type { HeaderField } from '../../src/format/header-fields.ts';
import { layOutHeader, macOf, parseStreamHeader, type StreamHeader, withMac } from '../../src/format/stream-header.ts';
import type { Identity } from '../../src/keys/identity.ts';
import { keyFileIdentity, keyFileRecipient } from '../../src/keys/key-file.ts';
import { kmsIdentity } from '../../src/keys/kms-identity.ts';
import { kmsRecipient } from '../../src/keys/kms-recipient.ts';
import { openHeader } from '../../src/keys/open-header.ts';
import { passphraseIdentity } from '../../src/keys/passphrase.ts';
import { wrapDataKey } from '../../src/keys/wrap.ts';
import { x25519Identity, x25519Recipient } from '../../src/keys/x25519.ts';
import { generateX25519Key, x25519PrivateBytes, x25519PublicBytes } from '../../src/keys/x25519-keys.ts';
import { expectNoSecret } from '../contracts/key-provider.ts';
import {
  countingIdentity,
  failureOf,
  keyFileReader,
  keyFileWriter,
  keyOf,
  MemoryKms,
  otherArn,
  someArn,
  someKek,
} from './fixtures.ts';
import { open, seal, withFields } from './headers.ts';

const privateKey = generateX25519Key();
const forPublicKey = x25519Recipient(x25519PublicBytes(privateKey));
const byPublicKey = x25519Identity(privateKey);
const byKeyFile = keyFileIdentity(someKek);
const otherKeyFile = keyFileIdentity(keyOf(0x52));

/** Changes fields as somebody does who has no key: CRC redone, MAC as it was. */
function forged(header: StreamHeader, fields: readonly HeaderField[]): StreamHeader {
  return parseStreamHeader(withMac(layOutHeader(header.core, fields), macOf(header.bytes)));
}

describe('which recipient opens', () => {
  test('any that the reader has a key for, whatever the order of recipients and keys (§1.34)', async () => {
    const sealed = await seal({ recipients: [keyFileRecipient(keyOf(1)), keyFileRecipient(keyOf(2)), forPublicKey] });
    for (const identities of [
      [keyFileIdentity(keyOf(1))],
      [keyFileIdentity(keyOf(2))],
      [otherKeyFile, keyFileIdentity(keyOf(2))],
      [keyFileIdentity(keyOf(2)), otherKeyFile],
      [byPublicKey],
    ]) {
      const opened = await open(sealed.header, { identities });
      expect(opened.keys.dataKey.equals(sealed.keys.dataKey)).toBe(true);
      expect(opened.openedBy).toBe(identities[0] === byPublicKey ? 'x25519' : 'keyFile');
    }
  });

  test('recipients that were addressed to the reader and open to nothing, or to another key, stop no other', async () => {
    const sealed = await seal({ recipients: [keyFileRecipient(someKek)] });
    const [good] = sealed.header.fields;
    const context = { streamId: sealed.header.core.streamId, coreHash: sealed.coreHash };
    if (good?.kind !== 'keyFile') throw new Error('a key file recipient');
    const broken = { ...good, wrapped: good.wrapped.map((byte) => byte ^ 1) };
    // Wrapped as it should be, but another data key: only key_commit tells (a ciphertext that opens under two keys).
    const salamander = { ...good, wrapped: wrapDataKey('keyFile', someKek, good.nonce, keyOf(0x66), context) };
    const orders = [
      [good, broken, salamander],
      [broken, good, salamander],
      [broken, salamander, good],
      [salamander, broken, good],
    ];
    for (const fields of orders) {
      const opened = await open(withFields(sealed, fields), keyFileReader);
      expect(opened.keys.dataKey.equals(sealed.keys.dataKey)).toBe(true);
    }
    await failureOf(open(withFields(sealed, [broken, salamander]), keyFileReader), 'header-auth');
    await failureOf(open(withFields(sealed, [salamander]), keyFileReader), 'header-auth');
    // Its MAC is that other key's as well: the core was promised to the first one all the same.
    const others = { ...sealed, keys: new StreamKeys(keyOf(0x66), sealed.header.core.salt) };
    await failureOf(open(withFields(others, [salamander]), keyFileReader), 'header-auth');
  });

  test('a data key that fits key_commit but not the MAC does not (§1.33)', async () => {
    const { header } = await seal({ context: { who: 'me' } });
    const fields = header.fields.map((field) => (field.kind === 'context' ? { ...field, value: 'you' } : field));
    await failureOf(open(forged(header, fields), keyFileReader), 'header-auth');
  });

  test('header-auth if one was addressed to the reader, else no-recipient, naming what the header has (§1.35)', async () => {
    const kms = new MemoryKms();
    const { header } = await seal({
      recipients: [keyFileRecipient(keyOf(1)), forPublicKey, kmsRecipient(kms, someArn)],
    });
    const error = await failureOf(open(header, { identities: [otherKeyFile] }), 'no-recipient');
    expect(error.message).toMatch(
      /^None of the keys that were given opens this, and the stream is sealed for: key file [0-9a-f]{16}, KMS key arn:\S+, X25519 key [0-9a-f]{16}\. Give one of these\.$/,
    );
    expect((await failureOf(open(header, { identities: [] }), 'no-recipient')).message).toContain('No key was given');
    await failureOf(open(header, { identities: [kmsIdentity(kms, [otherArn])] }), 'no-recipient');

    const [field] = header.fields;
    const changed = forged(header, [
      { ...field, wrapped: new Uint8Array(48) } as HeaderField,
      ...header.fields.slice(1),
    ]);
    const auth = await failureOf(open(changed, { identities: [keyFileIdentity(keyOf(1))] }), 'header-auth');
    expect(auth.message).toContain('key file ');
  });

  test('texts of strangers cannot write to a terminal through a message', async () => {
    const keyArn = 'arn:\u001b[2Jx\u0007\u202ey';
    const nonce = new Uint8Array(12);
    const wrapped = new Uint8Array(48);
    const sealed = await seal();
    const header = withFields(sealed, [
      { kind: 'kms', keyArn, ciphertextBlob: new Uint8Array(9), nonce, wrapped },
      { kind: 'opaque', type: 0x20, value: new Uint8Array(1) },
    ]);
    const error = await failureOf(open(header, { identities: [] }), 'no-recipient');
    expect(error.message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(error.message).toContain('recipient of unknown kind 0x20');
    await failureOf(open(header, { identities: [], objectName: { bucket: 'b', key: '\u001b' } }), 'no-recipient');
  });

  test('an identity that fails for another reason is not passed over', async () => {
    const { header } = await seal();
    const broken: Identity = { ...byKeyFile, open: () => Promise.reject(new TypeError('a bug')) };
    await expect(open(header, { identities: [broken, byKeyFile] })).rejects.toThrow('a bug');
    await failureOf(openHeader(header, keyFileReader, AbortSignal.abort()), 'aborted');
  });
});

describe('a reader with a symmetric key', () => {
  test('does not open by a public key unless told (§8.3)', async () => {
    const { header } = await seal({ recipients: [forPublicKey] });
    const identities = [byKeyFile, byPublicKey];
    const error = await failureOf(open(header, { identities }), 'no-recipient');
    expect(error.message).toContain('allowPublicKeyRecipients');
    expect((await open(header, { identities, allowPublicKeyRecipients: true })).openedBy).toBe('x25519');
    expect((await open(header, { identities: [byPublicKey] })).openedBy).toBe('x25519');
    const passphrase = passphraseIdentity('words');
    await failureOf(open(header, { identities: [passphrase, byPublicKey] }), 'no-recipient');
  });

  test('does not ask a key service unless told', async () => {
    const kms = new MemoryKms();
    const { header } = await seal({ recipients: [kmsRecipient(kms, someArn)] });
    const identities = [byKeyFile, kmsIdentity(kms, [someArn])];
    await failureOf(open(header, { identities }), 'no-recipient');
    expect(kms.calls.filter(({ call }) => call === 'decrypt')).toEqual([]);
    expect((await open(header, { identities, allowPublicKeyRecipients: true })).openedBy).toBe('kms');
  });

  test('is told that its own recipient fails, not that another one would do', async () => {
    const sealed = await seal({ recipients: [...keyFileWriter, forPublicKey] });
    const fields = sealed.header.fields.map((field) =>
      field.kind === 'keyFile' ? { ...field, wrapped: new Uint8Array(48) } : field,
    );
    const access = { identities: [byKeyFile, byPublicKey] };
    await failureOf(open(withFields(sealed, fields), access), 'header-auth');
  });
});

describe('cost', () => {
  test('a key file is tried before a passphrase and a key service, whatever the order given', async () => {
    const kms = new MemoryKms();
    const sealed = await seal({ recipients: [...keyFileWriter, kmsRecipient(kms, someArn)] });
    const field = { kind: 'passphrase', log2N: 20, salt: new Uint8Array(16), nonce: new Uint8Array(12) } as const;
    const header = withFields(sealed, [...sealed.header.fields, { ...field, wrapped: new Uint8Array(48) }]);
    const dear = [countingIdentity(passphraseIdentity('words')), countingIdentity(kmsIdentity(kms, [someArn]))];
    const opened = await open(header, { identities: [...dear, byKeyFile], allowPublicKeyRecipients: true });
    expect(opened.openedBy).toBe('keyFile');
    expect(dear.map((identity) => identity.opened)).toEqual([0, 0]);
  });

  test('an X25519 key is tried before a passphrase, which stands before it in a header', async () => {
    const sealed = await seal({ recipients: [forPublicKey] });
    const field = { kind: 'passphrase', log2N: 20, salt: new Uint8Array(16), nonce: new Uint8Array(12) } as const;
    const header = withFields(sealed, [{ ...field, wrapped: new Uint8Array(48) }, ...sealed.header.fields]);
    const dear = countingIdentity(passphraseIdentity('words'));
    const opened = await open(header, { identities: [dear, byPublicKey], allowPublicKeyRecipients: true });
    expect(opened.openedBy).toBe('x25519');
    expect(dear.opened).toBe(0);
  });

  test('what costs too much stops no other recipient, and is told if none opens', async () => {
    const sealed = await seal({ recipients: [forPublicKey] });
    const passphrase = { kind: 'passphrase', log2N: 18, salt: new Uint8Array(16), nonce: new Uint8Array(12) } as const;
    const header = withFields(sealed, [{ ...passphrase, wrapped: new Uint8Array(48) }, ...sealed.header.fields]);
    const frugal = passphraseIdentity('words', { maxLog2N: 17 });
    const error = await failureOf(open(header, { identities: [frugal] }), 'header-auth');
    expect(error.message).toContain('maxLog2N');
    const both = { identities: [frugal, byPublicKey], allowPublicKeyRecipients: true };
    expect((await open(header, both)).openedBy).toBe('x25519');
  });
});

describe('a key service that fails', () => {
  const down = (): MemoryKms => {
    const kms = new MemoryKms();
    kms.fault = async () => {
      throw new Error('AccessDenied');
    };
    return kms;
  };

  test('is told only if nothing else opens (§1.36)', async () => {
    const { header } = await seal({ recipients: [kmsRecipient(new MemoryKms(), someArn), forPublicKey] });
    const identities = [kmsIdentity(down(), [someArn]), byPublicKey];
    expect((await open(header, { identities })).openedBy).toBe('x25519');
    await failureOf(open(header, { identities: identities.slice(0, 1) }), 'kms-unavailable');
    await failureOf(open(header, { identities: [kmsIdentity(down(), [otherArn])] }), 'no-recipient');
  });

  test('hides no other service, and comes before a recipient that was addressed and does not open', async () => {
    const up = new MemoryKms();
    const first = await seal({ recipients: [kmsRecipient(up, someArn), kmsRecipient(up, otherArn)] });
    const identities = [kmsIdentity(down(), [someArn]), kmsIdentity(up, [otherArn])];
    expect((await open(first.header, { identities })).openedBy).toBe('kms');

    const second = await seal({ recipients: [kmsRecipient(up, someArn), forPublicKey] });
    const fields = second.header.fields.map((field) =>
      field.kind === 'x25519' ? { ...field, wrapped: new Uint8Array(48) } : field,
    );
    const header = withFields(second, fields);
    await failureOf(open(header, { identities: [kmsIdentity(down(), [someArn]), byPublicKey] }), 'kms-unavailable');
    await failureOf(open(header, { identities: [byPublicKey] }), 'header-auth');
  });

  test('comes before a passphrase that costs too much', async () => {
    const sealed = await seal({ recipients: [kmsRecipient(new MemoryKms(), someArn)] });
    const field = { kind: 'passphrase', log2N: 18, salt: new Uint8Array(16), nonce: new Uint8Array(12) } as const;
    const header = withFields(sealed, [{ ...field, wrapped: new Uint8Array(48) }, ...sealed.header.fields]);
    const identities = [passphraseIdentity('words', { maxLog2N: 17 }), kmsIdentity(down(), [someArn])];
    await failureOf(open(header, { identities, allowPublicKeyRecipients: true }), 'kms-unavailable');
  });

  test('that answers with another key is not told from a changed header', async () => {
    const kms = new MemoryKms();
    const { header } = await seal({ recipients: [kmsRecipient(kms, someArn)] });
    kms.answer = () => new Uint8Array(32).fill(1);
    await failureOf(open(header, { identities: [kmsIdentity(kms, [someArn])] }), 'header-auth');
  });
});

test('no refusal shows a secret', async () => {
  const kms = new MemoryKms();
  const sealed = await seal({ recipients: [...keyFileWriter, forPublicKey, kmsRecipient(kms, someArn)] });
  const fields = sealed.header.fields.map((field) =>
    'wrapped' in field ? { ...field, wrapped: new Uint8Array(48) } : field,
  );
  kms.answer = () => new Uint8Array(16).fill(0x6b);
  const identities = [byKeyFile, byPublicKey, kmsIdentity(kms, [someArn]), passphraseIdentity('some secret words')];
  const secrets = [
    someKek.export(),
    x25519PrivateBytes(privateKey),
    sealed.keys.dataKey.export(),
    new Uint8Array(16).fill(0x6b),
    'some secret words',
  ];
  const refused = [
    await failureOf(open(withFields(sealed, fields), { identities }), 'header-auth'),
    await failureOf(
      open(withFields(sealed, fields), { identities, allowPublicKeyRecipients: true }),
      'kms-unavailable',
    ),
    await failureOf(open(sealed.header, { identities: [otherKeyFile, ...identities.slice(1)] }), 'no-recipient'),
    await failureOf(open(sealed.header, { identities, originKey: keyOf(9) }), 'header-auth'),
    await failureOf(open(sealed.header, { identities, objectName: { bucket: 'b', key: 'k' } }), 'wrong-object'),
  ];
  for (const error of refused) expectNoSecret(error, [...secrets, keyOf(9).export(), keyOf(0x52).export()]);
});
