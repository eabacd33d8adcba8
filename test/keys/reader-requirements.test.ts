import { createSecretKey } from 'node:crypto';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseStreamHeader } from '../../src/format/stream-header.ts';
import { rewriteHeader } from '../../src/keys/rewrite-header.ts';
import { x25519Identity, x25519Recipient } from '../../src/keys/x25519.ts';
import { generateX25519Key, x25519PublicBytes } from '../../src/keys/x25519-keys.ts';
import { failureOf, keyFileReader, keyOf, never, smallParameters } from './fixtures.ts';
import { open, seal, withFields } from './headers.ts';

const privateKey = generateX25519Key();
const forPublicKey = x25519Recipient(x25519PublicBytes(privateKey));
const byPublicKey = x25519Identity(privateKey);

describe('origin', () => {
  const access = { identities: [byPublicKey], originKey: keyOf(9) };

  test('is required by a reader that has the key, and no matter to others', async () => {
    const { header } = await seal({ recipients: [forPublicKey], originKey: keyOf(9) });
    expect((await open(header, access)).openedBy).toBe('x25519');
    expect((await open(header, { identities: [byPublicKey] })).openedBy).toBe('x25519');
    await failureOf(open(header, { ...access, originKey: keyOf(8) }), 'header-auth');
    const short = { ...access, originKey: createSecretKey(Buffer.alloc(31)) };
    await expect(open(header, short)).rejects.toThrow(RangeError);
  });

  test('missing, or of another stream, is header-auth (§8.2)', async () => {
    const sealed = await seal({ recipients: [forPublicKey] });
    const missing = await failureOf(open(sealed.header, access), 'header-auth');
    expect(missing.message).toContain('does not say where it comes from');
    const other = await seal({ recipients: [forPublicKey], originKey: keyOf(9) });
    const stolen = other.header.fields.filter(({ kind }) => kind === 'origin');
    await failureOf(open(withFields(sealed, [...sealed.header.fields, ...stolen]), access), 'header-auth');
  });

  test('names its key', async () => {
    const sealed = await seal({ recipients: [forPublicKey], originKey: keyOf(9) });
    const fields = sealed.header.fields.map((field) =>
      field.kind === 'origin' ? { ...field, keyId: new Uint8Array(8) } : field,
    );
    await failureOf(open(withFields(sealed, fields), access), 'header-auth');
  });
});

describe('object name', () => {
  const named = { bucket: 'photos', key: 'été/日本.raw' };

  test('is one that shares its hash with no other: neither writer nor reader takes another (§1.18)', async () => {
    const opened = await seal({ objectName: named });
    for (const objectName of [
      { bucket: 'photos', key: 'a\ud800' },
      { bucket: '\udfffb', key: 'a' },
      { bucket: 'x'.repeat(65_536), key: 'a' },
      { bucket: 'é'.repeat(32_768), key: 'a' },
    ]) {
      await failureOf(seal({ objectName }), 'bad-name');
      await failureOf(open(opened.header, { ...keyFileReader, objectName }), 'bad-name');
      await failureOf(rewriteHeader(opened, { objectName }, never()), 'bad-name');
    }
    const longest = { bucket: 'x'.repeat(65_535), key: 'y'.repeat(100_000) };
    const { header } = await seal({ objectName: longest });
    expect((await open(header, { ...keyFileReader, objectName: longest })).openedBy).toBe('keyFile');
  });

  test('that is none costs no key: nobody is asked to open anything', async () => {
    let asked = 0;
    const counting = { ...keyFileReader.identities[0]!, addressed: () => asked++ > -1 };
    const { header } = await seal({ objectName: named });
    const objectName = { bucket: 'photos', key: '\ud800' };
    await failureOf(open(header, { identities: [counting], objectName }), 'bad-name');
    expect(asked).toBe(0);
  });

  test('is required by a reader that asks for one', async () => {
    const { header } = await seal({ objectName: named });
    expect((await open(header, { ...keyFileReader, objectName: named })).openedBy).toBe('keyFile');
    expect((await open(header, keyFileReader)).openedBy).toBe('keyFile');
    for (const objectName of [
      { bucket: 'photos', key: 'ete/日本.raw' },
      { bucket: 'photosé', key: 'té/日本.raw' },
      { bucket: '', key: '' },
    ]) {
      await failureOf(open(header, { ...keyFileReader, objectName }), 'wrong-object');
    }
    const none = await seal();
    await failureOf(open(none.header, { ...keyFileReader, objectName: named }), 'wrong-object');
  });

  test('is judged after keys and origin', async () => {
    const { header } = await seal();
    const wrong = { objectName: named, originKey: keyOf(9) };
    await failureOf(open(header, { identities: [], ...wrong }), 'no-recipient');
    await failureOf(open(header, { ...keyFileReader, ...wrong }), 'header-auth');
    const { header: withOrigin } = await seal({ originKey: keyOf(9) });
    await failureOf(open(withOrigin, { ...keyFileReader, ...wrong }), 'wrong-object');
  });
});

test('no flipped bit of a header opens', async () => {
  const { header } = await seal({ parameters: smallParameters, context: { who: 'me' }, originKey: keyOf(9) });
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: header.bytes.length - 1 }), fc.nat({ max: 7 }), async (offset, bit) => {
      const bytes = header.bytes.slice();
      bytes[offset]! ^= 1 << bit;
      let refused = false;
      try {
        await open(parseStreamHeader(bytes), keyFileReader);
      } catch {
        refused = true;
      }
      expect(refused).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('no bit of what is authenticated can be flipped with a new CRC', async () => {
  const sealed = await seal({ parameters: smallParameters, context: { who: 'me' }, originKey: keyOf(9) });
  const { bytes } = sealed.header;
  const crcOffset = bytes.length - 36;
  let judged = 0;
  for (let offset = 0; offset < bytes.length; offset += offset === 300 ? 600 : 1) {
    if (offset >= crcOffset && offset < crcOffset + 4) continue;
    const changed = bytes.slice();
    changed[offset]! ^= 1 << (offset % 8);
    let result: unknown;
    try {
      const { core, fields } = parseStreamHeader(withNewCrc(changed));
      result = await open({ core, fields, bytes: withNewCrc(changed) }, keyFileReader);
    } catch (error) {
      result = error;
    }
    expect(result, `offset ${offset}`).toBeInstanceOf(Error);
    judged += 1;
  }
  expect(judged).toBeGreaterThan(400);
});

function withNewCrc(header: Uint8Array): Uint8Array {
  const bytes = header.slice();
  const crcOffset = bytes.length - 36;
  new DataView(bytes.buffer).setUint32(crcOffset, crc32(bytes.subarray(0, crcOffset)), true);
  return bytes;
}
