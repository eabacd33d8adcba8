import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { secretKey } from '../../src/crypto/hkdf.ts';
import { StreamKeys } from '../../src/crypto/key-schedule.ts';
import type { ErrorCode } from '../../src/errors.ts';
import { footerLength, parseFooter } from '../../src/format/footer.ts';
import { parseFields } from '../../src/format/header-fields.ts';
import { parseStreamHeader, type StreamHeader } from '../../src/format/stream-header.ts';
import type { Identity } from '../../src/keys/identity.ts';
import { keyFileIdentity } from '../../src/keys/key-file.ts';
import { kmsIdentity } from '../../src/keys/kms-identity.ts';
import { openHeader } from '../../src/keys/open-header.ts';
import { passphraseIdentity } from '../../src/keys/passphrase.ts';
import { assembleHeader, coreOf } from '../../src/keys/seal-header.ts';
import { x25519Identity } from '../../src/keys/x25519.ts';
import { x25519PrivateKey } from '../../src/keys/x25519-keys.ts';
import { failureOf, hexBytes, MemoryKms, never } from './fixtures.ts';

interface Vector {
  readonly keys: {
    readonly key_file?: string;
    readonly passphrase?: string;
    readonly x25519_private?: string;
    readonly origin_key?: string;
    readonly kms?: readonly {
      readonly key_arn: string;
      readonly ciphertext_blob: string;
      readonly plaintext: string;
    }[];
  };
  readonly asked?: { readonly bucket: string; readonly key: string };
  readonly context: Readonly<Record<string, string>>;
  readonly writer?: { readonly reproducible: boolean } & Readonly<
    Record<'dek' | 'stream_id' | 'salt' | 'fields', string>
  >;
  readonly expect?: { readonly code: ErrorCode };
}

const folder = new URL('../vectors/', import.meta.url);

function namesIn(kind: 'accept' | 'refuse'): string[] {
  return readdirSync(new URL(`${kind}/`, folder))
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -5))
    .sort();
}

function read(kind: 'accept' | 'refuse', name: string): { vector: Vector; stream: Uint8Array } {
  const path = new URL(`${kind}/${name}`, folder).href;
  const vector = JSON.parse(readFileSync(new URL(`${path}.json`), 'utf8')) as Vector;
  return { vector, stream: new Uint8Array(readFileSync(new URL(`${path}.stream`))) };
}

/** The header, which in layout 1 stands before the footer. */
function headerOf(stream: Uint8Array): StreamHeader {
  if (Buffer.from(stream.subarray(0, 4)).toString() !== 'SEG2') return parseStreamHeader(stream);
  const { headerLen } = parseFooter(stream.subarray(stream.length - footerLength));
  return parseStreamHeader(stream.subarray(stream.length - footerLength - headerLen));
}

function identitiesOf(vector: Vector): Identity[] {
  const { key_file: keyFile, passphrase, x25519_private: x25519, kms } = vector.keys;
  const identities: Identity[] = [];
  if (keyFile !== undefined) identities.push(keyFileIdentity(secretKey(hexBytes(keyFile))));
  if (passphrase !== undefined) identities.push(passphraseIdentity(passphrase));
  if (x25519 !== undefined) identities.push(x25519Identity(x25519PrivateKey(hexBytes(x25519))));
  if (kms !== undefined) {
    const service = new MemoryKms();
    for (const one of kms) service.put(one.key_arn, hexBytes(one.ciphertext_blob), hexBytes(one.plaintext));
    identities.push(
      kmsIdentity(
        service,
        kms.map((one) => one.key_arn),
      ),
    );
  }
  return identities;
}

function requirementsOf(vector: Vector) {
  const originKey = vector.keys.origin_key;
  return {
    ...(originKey === undefined ? {} : { originKey: secretKey(hexBytes(originKey)) }),
    ...(vector.asked === undefined ? {} : { objectName: vector.asked }),
  };
}

describe('headers that must open', () => {
  const names = namesIn('accept');
  const openedBy: Record<string, number> = {};

  test.each(names)('%s', async (name) => {
    const { vector, stream } = read('accept', name);
    const header = headerOf(stream);
    const requirements = requirementsOf(vector);
    // Each key alone, so that no key hides another that would not open.
    for (const identity of identitiesOf(vector)) {
      const opened = await openHeader(header, { identities: [identity], ...requirements }, never());
      expect(opened.openedBy).toBe(identity.kind);
      expect(opened.keys.dataKey.export().toString('hex')).toBe(vector.writer!.dek);
      openedBy[identity.kind] = (openedBy[identity.kind] ?? 0) + 1;
    }
    await openHeader(header, { identities: identitiesOf(vector), ...requirements }, never());
    const context = header.fields.filter((field) => field.kind === 'context');
    expect(Object.fromEntries(context.map((field) => [field.name, field.value]))).toEqual(vector.context);
  });

  test('with each kind of key', () => {
    expect(openedBy).toEqual({ keyFile: 36, passphrase: 3, x25519: 3, kms: 1 });
  });
});

describe('headers that are written again to the same bytes', () => {
  test.each(namesIn('accept').filter((name) => read('accept', name).vector.writer?.fields !== undefined))(
    '%s',
    (name) => {
      const { vector, stream } = read('accept', name);
      const writer = vector.writer!;
      const header = headerOf(stream);
      const secrets = {
        dataKey: secretKey(hexBytes(writer.dek)),
        streamId: hexBytes(writer.stream_id),
        salt: hexBytes(writer.salt),
      };
      const keys = new StreamKeys(secrets.dataKey, secrets.salt);
      const core = coreOf(header.core.parameters, secrets, keys);
      const again = assembleHeader(core, keys, parseFields(hexBytes(writer.fields)));
      expect(Buffer.from(again.header.bytes).equals(header.bytes)).toBe(true);
    },
  );
});

describe('headers that must not open', () => {
  const codes: readonly ErrorCode[] = ['no-recipient', 'header-auth', 'wrong-object'];
  const names = namesIn('refuse').filter((name) => codes.includes(read('refuse', name).vector.expect!.code));

  test('are these', () => expect(names.length).toBe(14));

  test.each(names)('%s', async (name) => {
    const { vector, stream } = read('refuse', name);
    const access = { identities: identitiesOf(vector), ...requirementsOf(vector) };
    await failureOf(openHeader(headerOf(stream), access, never()), vector.expect!.code);
  });
});
