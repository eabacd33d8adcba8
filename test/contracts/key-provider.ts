import { createSecretKey, type KeyObject } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { SealpartError } from '../../src/errors.ts';
import { encodeFields, parseFields, type RecipientField } from '../../src/format/header-fields.ts';
import type { Identity } from '../../src/keys/identity.ts';
import type { Recipient } from '../../src/keys/recipient.ts';
import type { WrapContext } from '../../src/keys/wrap.ts';

/** A kind of key, as the contract wants to see it. */
export interface KeyProvider {
  readonly recipient: Recipient;
  /** Opens what the recipient seals. */
  readonly identity: Identity;
  /** Of the same kind, with another secret. */
  readonly stranger: Identity;
  /** Bytes and texts of the identity's secret, none of which may ever show. */
  readonly secrets: readonly (Uint8Array | string)[];
  /** True if the field's length is known before it is sealed. */
  readonly exactLength: boolean;
}

const context: WrapContext = { streamId: Buffer.alloc(16, 0x11), coreHash: Buffer.alloc(32, 0x22) };
const dataKey: KeyObject = createSecretKey(Buffer.alloc(32, 0x33));
const never = (): AbortSignal => new AbortController().signal;

/** What every pair of a recipient and an identity does, whatever its kind. */
export function keyProviderContract(name: string, make: () => Promise<KeyProvider>): void {
  describe(`key provider: ${name}`, () => {
    test('opens what was sealed, after a way through the header', async () => {
      const { recipient, identity } = await make();
      const field = throughHeader(await recipient.seal(dataKey, context, never()));
      expect(field.kind).toBe(recipient.kind);
      expect(identity.kind).toBe(recipient.kind);
      expect(identity.addressed(field)).toBe(true);
      const opened = await identity.open(field, context, never());
      expect(opened?.equals(dataKey)).toBe(true);
    });

    test('tells how long its field is', async () => {
      const { recipient, exactLength } = await make();
      const { length } = encodeFields([await recipient.seal(dataKey, context, never())]);
      if (exactLength) expect(length).toBe(recipient.fieldLengthBytes);
      else expect(length).toBeLessThanOrEqual(recipient.fieldLengthBytes);
    });

    test('seals differently each time', async () => {
      const { recipient } = await make();
      const fields = [await recipient.seal(dataKey, context, never()), await recipient.seal(dataKey, context, never())];
      expect(fields[0]!.wrapped).not.toEqual(fields[1]!.wrapped);
    });

    test('opens for its own stream only', async () => {
      const { recipient, identity } = await make();
      const field = await recipient.seal(dataKey, context, never());
      const other = { ...context, coreHash: Buffer.alloc(32, 0x23) };
      expect(await identity.open(field, other, never())).toBeUndefined();
    });

    test('opens nothing of which a bit was changed', async () => {
      const { recipient, identity } = await make();
      const field = await recipient.seal(dataKey, context, never());
      for (const offset of [0, 31, 47]) {
        const wrapped = field.wrapped.slice();
        wrapped[offset]! ^= 0x80;
        expect(await identity.open({ ...field, wrapped } as RecipientField, context, never())).toBeUndefined();
      }
    });

    test('does not open for a stranger', async () => {
      const { recipient, stranger } = await make();
      const field = await recipient.seal(dataKey, context, never());
      expect(await stranger.open(field, context, never())).toBeUndefined();
    });

    test('is not addressed by fields of other kinds', async () => {
      const { identity } = await make();
      for (const field of fieldsOfEachKind().filter(({ kind }) => kind !== identity.kind)) {
        expect(identity.addressed(field)).toBe(false);
        expect(await identity.open(field, context, never())).toBeUndefined();
      }
    });

    test('stops when the signal fires', async () => {
      const { recipient, identity } = await make();
      const field = await recipient.seal(dataKey, context, never());
      for (const work of [
        () => recipient.seal(dataKey, context, AbortSignal.abort()),
        () => identity.open(field, context, AbortSignal.abort()),
      ]) {
        const error = await work().then(
          () => undefined,
          (reason: unknown) => reason,
        );
        expect(error).toBeInstanceOf(SealpartError);
        expect((error as SealpartError).code).toBe('aborted');
      }
    });

    test('shows nothing of its secret', async () => {
      const { recipient, identity, secrets } = await make();
      const field = await recipient.seal(dataKey, context, never());
      await identity.open(field, context, never());
      for (const thing of [recipient, identity, field]) expectNoSecret(thing, [...secrets, dataKey.export()]);
    });
  });
}

/** Looks for secrets in all that a log or an error report could show of a thing. */
export function expectNoSecret(thing: unknown, secrets: readonly (Uint8Array | string)[]): void {
  const shown = [
    inspect(thing, { depth: 20, showHidden: true, maxArrayLength: null, maxStringLength: null, breakLength: Infinity }),
    String(thing),
    JSON.stringify(thing, (_, value) => (value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value)) ??
      '',
  ].join('\n');
  for (const secret of secrets) {
    for (const form of formsOf(secret)) expect(shown.toLowerCase()).not.toContain(form.toLowerCase());
  }
}

function formsOf(secret: Uint8Array | string): string[] {
  if (typeof secret === 'string') return [secret];
  const bytes = Buffer.from(secret);
  // A view is inspected as numbers in decimal, a Buffer as pairs of hex digits.
  const decimal = [...bytes].join(', ');
  const pairs = bytes.toString('hex').replace(/..(?=.)/g, '$& ');
  return [
    bytes.toString('hex'),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    decimal,
    pairs,
  ];
}

function throughHeader(field: RecipientField): RecipientField {
  const [read] = parseFields(encodeFields([field]));
  return read as RecipientField;
}

function fieldsOfEachKind(): RecipientField[] {
  const nonce = new Uint8Array(12);
  const wrapped = new Uint8Array(48);
  const keyId = new Uint8Array(8);
  return [
    { kind: 'keyFile', keyId, nonce, wrapped },
    { kind: 'passphrase', log2N: 10, salt: new Uint8Array(16), nonce, wrapped },
    { kind: 'kms', keyArn: 'arn:aws:kms:eu-west-1:1:key/1', ciphertextBlob: new Uint8Array(1), nonce, wrapped },
    { kind: 'x25519', enc: new Uint8Array(32), keyId, wrapped },
  ];
}
