import { createSecretKey, type KeyObject } from 'node:crypto';
import { type ErrorCode, SealpartError } from '../../src/errors.ts';
import type { StreamParameters } from '../../src/format/stream-parameters.ts';
import type { Identity } from '../../src/keys/identity.ts';
import { keyFileIdentity, keyFileRecipient } from '../../src/keys/key-file.ts';
import type { EncryptionContext, GeneratedDataKey, KmsClient } from '../../src/keys/kms-client.ts';
import type { ReaderKeys } from '../../src/keys/open-header.ts';
import type { Recipient } from '../../src/keys/recipient.ts';

export const smallParameters: StreamParameters = {
  suite: 1,
  digestAlg: 2,
  layout: 0,
  frameSizeLog2: 12,
  segmentSizeLog2: 16,
  segmentSizeMaxLog2: 16,
  compression: 0,
  growEvery: 0,
  headerLen: 1024,
};

/** A key of 32 equal bytes. */
export function keyOf(byte: number): KeyObject {
  return createSecretKey(Buffer.alloc(32, byte));
}

export function hexBytes(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

/** A signal that never fires. */
export function never(): AbortSignal {
  return new AbortController().signal;
}

export const someKek: KeyObject = keyOf(0x51);
export const keyFileReader: ReaderKeys = { identities: [keyFileIdentity(someKek)] };
export const keyFileWriter: readonly Recipient[] = [keyFileRecipient(someKek)];

/** What a promise or a function fails with, which has to be a SealpartError of this code. */
export async function failureOf(work: Promise<unknown> | (() => unknown), code: ErrorCode): Promise<SealpartError> {
  let result: unknown;
  try {
    result = await (typeof work === 'function' ? work() : work);
  } catch (error) {
    if (error instanceof SealpartError && error.code === code) return error;
    throw error;
  }
  throw new Error(`expected ${code}, and it went well: ${String(result)}`);
}

interface KmsCall {
  readonly call: 'decrypt' | 'generate';
  readonly keyArn: string;
  readonly encryptionContext: EncryptionContext;
}

/**
 * A key service in memory that does what AWS KMS promises: a blob opens under the key and the context that it was made
 * with, and under nothing else. `fault` is awaited before each answer, and may throw.
 */
export class MemoryKms implements KmsClient {
  readonly calls: KmsCall[] = [];
  readonly blobLength: number;
  fault: (signal: AbortSignal) => Promise<void> = async () => {};
  /** Replaces the plaintext of the next answers. */
  answer: ((plaintext: Uint8Array) => Uint8Array) | undefined;
  readonly #keks = new Map<string, Uint8Array>();

  constructor(blobLength = 184) {
    this.blobLength = blobLength;
  }

  /** Puts a KEK in that somebody else generated. */
  put(keyArn: string, blob: Uint8Array, plaintext: Uint8Array): void {
    this.#keks.set(nameOf(keyArn, blob, { sealpart: 'kek' }), new Uint8Array(plaintext));
  }

  async decrypt(
    keyArn: string,
    ciphertextBlob: Uint8Array,
    encryptionContext: EncryptionContext,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    this.calls.push({ call: 'decrypt', keyArn, encryptionContext });
    await this.fault(signal);
    const kek = this.#keks.get(nameOf(keyArn, ciphertextBlob, encryptionContext));
    if (kek === undefined) throw new SealpartError('header-auth', 'The blob is not of this key.');
    return this.answer === undefined ? kek.slice() : this.answer(kek.slice());
  }

  async generateDataKey(
    keyArn: string,
    encryptionContext: EncryptionContext,
    signal: AbortSignal,
  ): Promise<GeneratedDataKey> {
    this.calls.push({ call: 'generate', keyArn, encryptionContext });
    await this.fault(signal);
    const plaintext = crypto.getRandomValues(new Uint8Array(32));
    const ciphertextBlob = crypto.getRandomValues(new Uint8Array(this.blobLength));
    this.#keks.set(nameOf(keyArn, ciphertextBlob, encryptionContext), plaintext.slice());
    return { plaintext: this.answer === undefined ? plaintext : this.answer(plaintext), ciphertextBlob };
  }
}

function nameOf(keyArn: string, blob: Uint8Array, context: EncryptionContext): string {
  return JSON.stringify([keyArn, Buffer.from(blob).toString('hex'), context]);
}

export const someArn = 'arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-0000-0000-000000000001';
export const otherArn = 'arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-0000-0000-000000000002';

/** An identity that counts what it is asked, around another one. */
export function countingIdentity(identity: Identity): Identity & { opened: number } {
  return {
    opened: 0,
    kind: identity.kind,
    symmetric: identity.symmetric,
    addressed: (field) => identity.addressed(field),
    async open(field, context, signal) {
      this.opened += 1;
      return await identity.open(field, context, signal);
    },
  };
}
