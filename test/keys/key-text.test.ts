import { createSecretKey, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeBech32 } from '../../src/keys/bech32.ts';
import {
  formatIdentity,
  formatPublicKey,
  formatSymmetricKey,
  parseIdentityFile,
  parseKeyFile,
  parseOriginKeyFile,
  parsePassphraseFile,
  parsePublicKey,
} from '../../src/keys/key-text.ts';
import {
  generateX25519Key,
  x25519PrivateBytes,
  x25519PrivateKey,
  x25519PublicBytes,
} from '../../src/keys/x25519-keys.ts';
import { failureOf, keyOf } from './fixtures.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const hex = 'a1'.repeat(32);
const privateKey = x25519PrivateKey(new Uint8Array(32).fill(0x5a));
const identity = formatIdentity(privateKey);
const publicKey = formatPublicKey(privateKey);
const key32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const parsers: readonly ((bytes: Uint8Array, name: string) => KeyObject)[] = [
  parseKeyFile,
  parseOriginKeyFile,
  parseIdentityFile,
];

describe('symmetric keys as text', () => {
  test('come back from any text that the format allows (§11.1)', () => {
    const noise = fc.array(fc.constantFrom('', '# a comment', '#', `# ${hex}`), { maxLength: 4 });
    fc.assert(
      fc.property(
        key32,
        noise,
        noise,
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        fc.boolean(),
        (raw, before, after, eol, last, capitals) => {
          const key = createSecretKey(raw);
          const line = capitals ? formatSymmetricKey(key).toUpperCase() : formatSymmetricKey(key);
          const text = [...before, line, ...after].join(eol) + (last ? eol : '');
          expect(parseKeyFile(bytesOf(text), 'f').equals(key)).toBe(true);
          expect(parseOriginKeyFile(bytesOf(text), 'f').equals(key)).toBe(true);
        },
      ),
    );
  });

  test('are 64 hex digits on one line, and nothing else (§11.2)', async () => {
    const wrong = [
      `${hex}0`,
      hex.slice(1),
      ` ${hex}`,
      `${hex} `,
      `${hex}\t`,
      `0x${hex.slice(2)}`,
      `${hex.slice(1)}g`,
      `\ufeff${hex}`,
      hex.slice(2),
      hex.match(/../g)!.join(':'),
    ];
    for (const text of wrong) {
      const error = await failureOf(() => parseKeyFile(bytesOf(`# comment\n${text}\n`), 'my.key'), 'bad-key');
      expect(error.message).toMatch(
        /^my\.key, line 2: a key file is 64 hex digits, and these \d+ characters are not\.$/,
      );
    }
  });

  test('are written with 32 bytes', () => {
    expect(formatSymmetricKey(keyOf(0xa1))).toBe(hex);
    expect(() => formatSymmetricKey(createSecretKey(Buffer.alloc(16, 1)))).toThrow(RangeError);
  });
});

describe('X25519 keys as text', () => {
  test('are as the format shows them (§11.3, §11.4)', () => {
    expect(publicKey).toMatch(/^sealpart1[02-9ac-hj-np-z]{58}$/);
    expect(identity).toMatch(/^SEALPART-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}$/);
    expect(formatPublicKey(x25519PublicBytes(privateKey))).toBe(publicKey);
  });

  test('come back', () => {
    fc.assert(
      fc.property(key32, (raw) => {
        const key = x25519PrivateKey(raw.slice());
        const file = `# made by a test\n# public key: ${formatPublicKey(key)}\n${formatIdentity(key)}\n`;
        expect(x25519PrivateBytes(parseIdentityFile(bytesOf(file), 'f'))).toEqual(raw);
        expect(parsePublicKey(formatPublicKey(key), 'f')).toEqual(x25519PublicBytes(key));
      }),
    );
  });

  test('stand in the case that the format writes (§11.5)', async () => {
    await failureOf(() => parseIdentityFile(bytesOf(identity.toLowerCase()), 'f'), 'bad-key');
    await failureOf(() => parsePublicKey(publicKey.toUpperCase(), 'f'), 'bad-key');
    await failureOf(() => parsePublicKey(` ${publicKey}`, 'f'), 'bad-key');
    await failureOf(() => parsePublicKey(`${publicKey}\n`, 'f'), 'bad-key');
  });

  test('have 32 bytes, and a private key can belong to the public one', async () => {
    for (const length of [0, 31, 33, 64]) {
      const data = new Uint8Array(length).fill(9);
      await failureOf(() => parsePublicKey(encodeBech32('sealpart', data), 'f'), 'bad-key');
      const secret = encodeBech32('sealpart-secret-key-', data).toUpperCase();
      await failureOf(() => parseIdentityFile(bytesOf(secret), 'f'), 'bad-key');
    }
    const error = await failureOf(
      () => parsePublicKey(encodeBech32('sealpart', new Uint8Array(32)), 'argument'),
      'bad-key',
    );
    expect(error.message).toContain('no private key can belong');
  });
});

describe('every key file', () => {
  test('holds one key', async () => {
    for (const parse of parsers) {
      expect((await failureOf(() => parse(bytesOf(''), 'empty.key'), 'bad-key')).message).toContain(
        'empty.key: it holds no key',
      );
      await failureOf(() => parse(bytesOf('# only\n\n#comments\r\n'), 'f'), 'bad-key');
      const two = await failureOf(() => parse(bytesOf(`${hex}\n\n${identity}\n`), 'two.key'), 'bad-key');
      expect(two.message).toContain('two.key, line 3: a second key');
    }
  });

  test('is short and UTF-8', async () => {
    for (const parse of [...parsers, parsePassphraseFile]) {
      const error = await failureOf(() => parse(Uint8Array.of(0xc3, 0x28), 'binary.key'), 'bad-key');
      expect(error.message).toContain('binary.key: it is not UTF-8 text');
      await failureOf(() => parse(new Uint8Array(65_537).fill(0x23), 'long'), 'bad-key');
    }
  });

  test('taken for another kind is named', async () => {
    const cases: readonly [() => unknown, string][] = [
      [() => parseKeyFile(bytesOf(identity), 'f'), 'f, line 1: this is an X25519 identity, not a key file.'],
      [
        () => parseOriginKeyFile(bytesOf(publicKey), 'f'),
        'f, line 1: this is an X25519 public key, not an origin key.',
      ],
      [() => parseIdentityFile(bytesOf(hex), 'f'), 'f, line 1: this is a symmetric key, not an identity.'],
      [() => parseIdentityFile(bytesOf(publicKey), 'f'), 'f, line 1: this is an X25519 public key, not an identity.'],
      [() => parsePublicKey(identity, 'f'), 'f: this is an X25519 identity, not a public key. Keep it secret.'],
      [() => parsePublicKey('ssh-ed25519 AAAA', 'f'), 'f: a public key starts with sealpart1, and this does not.'],
      [
        () => parseIdentityFile(bytesOf('x'), 'f'),
        'f, line 1: an identity starts with SEALPART-SECRET-KEY-1, and this does not.',
      ],
    ];
    for (const [parse, message] of cases) expect((await failureOf(parse, 'bad-key')).message).toBe(message);
  });

  test('never shows in a message, not even damaged', async () => {
    const lines = [
      hex,
      identity,
      publicKey,
      formatSymmetricKey(createSecretKey(crypto.getRandomValues(Buffer.alloc(32)))),
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...lines),
        fc.nat(),
        fc.constantFrom('', 'b', 'B', ' ', '\n', '1'),
        (line, at, put) => {
          const i = at % line.length;
          const damaged = line.slice(0, i) + put + line.slice(i + 1);
          for (const parse of [...parsers, (bytes: Uint8Array) => parsePublicKey(Buffer.from(bytes).toString(), 'f')]) {
            const error = caught(() => parse(bytesOf(damaged), 'f'));
            if (error === undefined) continue;
            const shown = `${error.message} ${error.stack} ${String(error.cause)}`.toLowerCase();
            // Six characters in a row of a key would be no coincidence.
            for (let j = 22; j + 6 <= damaged.length; j++) {
              expect(shown).not.toContain(damaged.slice(j, j + 6).toLowerCase());
            }
          }
        },
      ),
    );
  });
});

function caught(work: () => unknown): Error | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

describe('passphrase files', () => {
  test('lose one final end of line (§1.23)', () => {
    const cases: readonly [string, string][] = [
      ['words', 'words'],
      ['words\n', 'words'],
      ['words\r\n', 'words'],
      ['words\n\n', 'words\n'],
      ['words\r', 'words\r'],
      ['words\n\r\n', 'words\n'],
      [' # words \n', ' # words '],
      ['two\nlines\n', 'two\nlines'],
      ['\ufeffwords', '\ufeffwords'],
    ];
    for (const [file, passphrase] of cases) expect(parsePassphraseFile(bytesOf(file), 'f')).toBe(passphrase);
  });

  test('are not empty', async () => {
    for (const file of ['', '\n', '\r\n']) {
      const error = await failureOf(() => parsePassphraseFile(bytesOf(file), 'pass.txt'), 'bad-key');
      expect(error.message).toContain('pass.txt: it holds no passphrase');
    }
  });
});

test('generated keys differ', () => {
  expect(generateX25519Key().equals(generateX25519Key())).toBe(false);
});
