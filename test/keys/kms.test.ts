import { describe, expect, test } from 'vitest';
import { SealpartError } from '../../src/errors.ts';
import type { KmsRecipient } from '../../src/format/header-fields.ts';
import { kmsIdentity } from '../../src/keys/kms-identity.ts';
import { kmsRecipient } from '../../src/keys/kms-recipient.ts';
import { wrapDataKey } from '../../src/keys/wrap.ts';
import { keyProviderContract } from '../contracts/key-provider.ts';
import { failureOf, keyOf, MemoryKms, never, otherArn, someArn } from './fixtures.ts';

keyProviderContract('KMS', async () => {
  const kms = new MemoryKms();
  return {
    recipient: kmsRecipient(kms, someArn),
    identity: kmsIdentity(kms, [someArn]),
    stranger: kmsIdentity(kms, [otherArn]),
    secrets: [],
    exactLength: false,
  };
});

const context = { streamId: Buffer.alloc(16, 5), coreHash: Buffer.alloc(32, 6) };
const dataKey = keyOf(0x77);

/** A field whose KEK the service knows: bytes of one value, under a blob of another. */
function fieldOf(kms: MemoryKms, keyArn: string, blobByte: number, kekByte = blobByte): KmsRecipient {
  const ciphertextBlob = Buffer.alloc(40, blobByte);
  kms.put(keyArn, ciphertextBlob, Buffer.alloc(32, kekByte));
  const nonce = Buffer.alloc(12, 1);
  const wrapped = wrapDataKey('kms', keyOf(kekByte), nonce, dataKey, context);
  return { kind: 'kms', keyArn, ciphertextBlob, nonce, wrapped };
}

describe('KMS recipient', () => {
  test('asks for the purpose that the format names (§1.26)', async () => {
    const kms = new MemoryKms();
    const field = await kmsRecipient(kms, someArn).seal(dataKey, context, never());
    await kmsIdentity(kms, [someArn]).open(field, context, never());
    expect(kms.calls).toEqual([
      { call: 'generate', keyArn: someArn, encryptionContext: { sealpart: 'kek' } },
      { call: 'decrypt', keyArn: someArn, encryptionContext: { sealpart: 'kek' } },
    ]);
  });

  test('lets one KEK serve a number of streams for a time', async () => {
    const kms = new MemoryKms();
    let nowMs = 0;
    const recipient = kmsRecipient(kms, someArn, { maxStreams: 3, maxAgeMs: 1000, nowMs: () => nowMs });
    const seal = async (): Promise<number> => {
      await recipient.seal(dataKey, context, never());
      return kms.calls.length;
    };
    expect([await seal(), await seal(), await seal(), await seal()]).toEqual([1, 1, 1, 2]);
    nowMs = 999;
    expect(await seal()).toBe(2);
    nowMs = 1000;
    expect(await seal()).toBe(3);
  });

  test('makes a KEK for each stream when told', async () => {
    const kms = new MemoryKms();
    const recipient = kmsRecipient(kms, someArn, { maxAgeMs: 0 });
    const fields = await Promise.all([1, 2, 3].map(() => recipient.seal(dataKey, context, never())));
    const blobs = new Set(fields.map((field) => Buffer.from((field as KmsRecipient).ciphertextBlob).toString('hex')));
    expect(blobs.size).toBe(3);
    expect(kms.calls.length).toBe(3);
  });

  test('shares one call between streams that begin together, and one that is cancelled cancels no other', async () => {
    const kms = new MemoryKms();
    const answered = Promise.withResolvers<void>();
    kms.fault = () => answered.promise;
    const recipient = kmsRecipient(kms, someArn);
    const controller = new AbortController();
    const first = recipient.seal(dataKey, context, controller.signal);
    const second = recipient.seal(dataKey, context, never());
    controller.abort();
    await failureOf(first, 'aborted');
    answered.resolve();
    expect((await second).kind).toBe('kms');
    expect(kms.calls.length).toBe(1);
  });

  test('tries again after a failure', async () => {
    const kms = new MemoryKms();
    kms.fault = async () => {
      throw new Error('denied');
    };
    const recipient = kmsRecipient(kms, someArn);
    const error = await failureOf(recipient.seal(dataKey, context, never()), 'kms-unavailable');
    expect(error.message).toContain(someArn);
    expect((error.cause as Error).message).toBe('denied');
    kms.fault = async () => {};
    expect((await recipient.seal(dataKey, context, never())).kind).toBe('kms');
  });

  test('refuses a key or a blob of a wrong length', async () => {
    for (const length of [0, 16, 31, 33, 64]) {
      const kms = new MemoryKms();
      kms.answer = () => new Uint8Array(length).fill(0x61);
      const error = await failureOf(kmsRecipient(kms, someArn).seal(dataKey, context, never()), 'kms-unavailable');
      expect(error.message).not.toContain('6161');
    }
    for (const blobLength of [0, 6145]) {
      const kms = new MemoryKms(blobLength);
      await failureOf(kmsRecipient(kms, someArn).seal(dataKey, context, never()), 'kms-unavailable');
    }
  });

  test('takes names that a header can hold', async () => {
    const kms = new MemoryKms();
    for (const arn of ['', 'a'.repeat(2049), 'é'.repeat(1025), 'arn\ud800']) {
      await failureOf(() => kmsRecipient(kms, arn), 'bad-key');
      await failureOf(() => kmsIdentity(kms, [someArn, arn]), 'bad-key');
    }
    expect(() => kmsRecipient(kms, 'a'.repeat(2048))).not.toThrow();
  });
});

describe('KMS identity', () => {
  test('asks only for the keys that it is configured with (§1.27)', async () => {
    const kms = new MemoryKms();
    const identity = kmsIdentity(kms, [someArn]);
    const foreign = fieldOf(kms, otherArn, 1);
    expect(identity.addressed(foreign)).toBe(false);
    expect(await identity.open(foreign, context, never())).toBeUndefined();
    expect(identity.addressed(fieldOf(kms, someArn.toUpperCase(), 1))).toBe(false);
    expect(kms.calls).toEqual([]);
  });

  test('keeps what it unwrapped, by key and blob, for a time (§1.28)', async () => {
    const kms = new MemoryKms();
    let nowMs = 0;
    const identity = kmsIdentity(kms, [someArn, otherArn], { maxAgeMs: 1000, nowMs: () => nowMs });
    const open = async (field: KmsRecipient): Promise<number> => {
      expect((await identity.open(field, context, never()))?.equals(dataKey)).toBe(true);
      return kms.calls.length;
    };
    // One blob under two keys of the service stands for two KEKs: an entry of one never answers for the other.
    const mine = fieldOf(kms, someArn, 1, 0x0a);
    const other = fieldOf(kms, otherArn, 1, 0x0b);
    expect([await open(mine), await open(other), await open(mine), await open(other)]).toEqual([1, 2, 2, 2]);
    nowMs = 999;
    expect(await open(mine)).toBe(2);
    nowMs = 1000;
    expect(await open(mine)).toBe(3);
  });

  test('shares nothing with another identity', async () => {
    const kms = new MemoryKms();
    const field = fieldOf(kms, someArn, 1);
    await kmsIdentity(kms, [someArn]).open(field, context, never());
    const denied = new MemoryKms();
    denied.fault = async () => {
      throw new Error('AccessDenied');
    };
    await failureOf(kmsIdentity(denied, [someArn]).open(field, context, never()), 'kms-unavailable');
  });

  test('keeps no more than it may, and forgets what was not used for longest', async () => {
    const kms = new MemoryKms();
    const identity = kmsIdentity(kms, [someArn], { maxEntries: 2 });
    const [a, b, c] = [fieldOf(kms, someArn, 1), fieldOf(kms, someArn, 2), fieldOf(kms, someArn, 3)];
    const callsAfter = async (field: KmsRecipient): Promise<number> => {
      await identity.open(field, context, never());
      return kms.calls.length;
    };
    expect([await callsAfter(a), await callsAfter(b), await callsAfter(a), await callsAfter(c)]).toEqual([1, 2, 2, 3]);
    expect([await callsAfter(a), await callsAfter(b)]).toEqual([3, 4]);
  });

  test('keeps no KEK that opened nothing', async () => {
    const kms = new MemoryKms();
    const identity = kmsIdentity(kms, [someArn]);
    const field = fieldOf(kms, someArn, 1);
    kms.answer = () => new Uint8Array(32).fill(0xee);
    expect(await identity.open(field, context, never())).toBeUndefined();
    kms.answer = undefined;
    expect((await identity.open(field, context, never()))?.equals(dataKey)).toBe(true);
    expect(kms.calls.length).toBe(2);
  });

  test('readers that want the same KEK share one call', async () => {
    const kms = new MemoryKms();
    const identity = kmsIdentity(kms, [someArn]);
    const field = fieldOf(kms, someArn, 1);
    await Promise.all([1, 2, 3].map(() => identity.open(field, context, never())));
    expect(kms.calls.length).toBe(1);
  });

  test('tells a service that failed from a key that does not fit', async () => {
    const kms = new MemoryKms();
    const identity = kmsIdentity(kms, [someArn], { timeoutMs: 20 });
    const field = fieldOf(kms, someArn, 1);

    kms.fault = async () => {
      throw new Error('AccessDenied');
    };
    await failureOf(identity.open(field, context, never()), 'kms-unavailable');

    kms.fault = () => new Promise(() => {});
    const late = await failureOf(identity.open(field, context, never()), 'kms-unavailable');
    expect(late.message).toContain('did not answer within 20 ms');

    let heeded = false;
    kms.fault = (signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          heeded = true;
          reject(new Error('aborted by its signal'));
        });
      });
    await failureOf(identity.open(field, context, never()), 'kms-unavailable');
    expect(heeded).toBe(true);

    kms.fault = async () => {};
    for (const length of [0, 16, 31, 33]) {
      kms.answer = () => new Uint8Array(length).fill(0x61);
      await failureOf(identity.open(field, context, never()), 'kms-unavailable');
    }

    kms.answer = undefined;
    const unknown = { ...field, ciphertextBlob: Buffer.alloc(40, 0x99) };
    await failureOf(identity.open(unknown, context, never()), 'header-auth');

    kms.fault = async () => {
      throw new SealpartError('kms-unavailable', 'Throttled.');
    };
    expect((await failureOf(identity.open(field, context, never()), 'kms-unavailable')).message).toBe('Throttled.');
  });

  test('wipes the bytes that it was answered with', async () => {
    const kms = new MemoryKms();
    const answers: Uint8Array[] = [];
    kms.answer = (plaintext) => {
      answers.push(plaintext);
      return plaintext;
    };
    const field = await kmsRecipient(kms, someArn).seal(dataKey, context, never());
    await kmsIdentity(kms, [someArn]).open(field, context, never());
    expect(answers).toEqual([new Uint8Array(32), new Uint8Array(32)]);
  });
});
