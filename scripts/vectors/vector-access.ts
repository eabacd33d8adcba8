import { createSecretKey } from 'node:crypto';
import { equalBytes } from '../../src/format/bytes.ts';
import type { Identity } from '../../src/keys/identity.ts';
import { keyFileIdentity } from '../../src/keys/key-file.ts';
import { kmsIdentity } from '../../src/keys/kms-identity.ts';
import type { ReaderKeys } from '../../src/keys/open-header.ts';
import { passphraseIdentity } from '../../src/keys/passphrase.ts';
import { x25519Identity } from '../../src/keys/x25519.ts';
import { x25519PrivateKey } from '../../src/keys/x25519-keys.ts';
import { hexBytes, type VectorKeys } from './vector.ts';

/** What a vector's reader has, as the library's reader takes it. */
export function accessOf(keys: VectorKeys, asked?: { bucket: string; key: string }): ReaderKeys {
  const identities: Identity[] = [];
  if (keys.key_file !== undefined) identities.push(keyFileIdentity(createSecretKey(hexBytes(keys.key_file))));
  if (keys.passphrase !== undefined) identities.push(passphraseIdentity(keys.passphrase));
  if (keys.x25519_private !== undefined)
    identities.push(x25519Identity(x25519PrivateKey(hexBytes(keys.x25519_private))));
  if (keys.kms !== undefined) identities.push(recordedKms(keys.kms));
  return {
    identities,
    ...(keys.origin_key === undefined ? {} : { originKey: createSecretKey(hexBytes(keys.origin_key)) }),
    ...(asked === undefined ? {} : { objectName: asked }),
  };
}

/** A KMS that knows the answers that the vector gives, and no others. */
function recordedKms(answers: NonNullable<VectorKeys['kms']>): Identity {
  const arns = answers.map(({ key_arn }) => key_arn);
  return kmsIdentity(
    {
      async decrypt(keyArn, blob) {
        const answer = answers.find((a) => a.key_arn === keyArn && equalBytes(hexBytes(a.ciphertext_blob), blob));
        if (answer === undefined) throw new Error(`no answer is recorded for ${keyArn}`);
        return hexBytes(answer.plaintext);
      },
      generateDataKey: () => Promise.reject(new Error('vectors are read, not written, with a KMS')),
    },
    arns,
  );
}
