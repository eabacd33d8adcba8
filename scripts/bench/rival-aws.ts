import { createReadStream, createWriteStream } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';

// A whole process: encrypts a file to /dev/null with AWS's Encryption SDK, which is installed below a folder.
// Usage: node rival-aws.ts FOLDER [tuned] FILE

/** As much of the package as is used here. */
interface EncryptionSdk {
  readonly buildClient: (policy: unknown) => { encryptStream: (keyring: unknown, options: object) => Duplex };
  readonly CommitmentPolicy: { readonly REQUIRE_ENCRYPT_REQUIRE_DECRYPT: unknown };
  readonly AlgorithmSuiteIdentifier: Readonly<Record<string, unknown>>;
  readonly RawAesKeyringNode: new (options: object) => unknown;
  readonly RawAesWrappingSuiteIdentifier: Readonly<Record<string, unknown>>;
}

const [folder, ...rest] = process.argv.slice(2);
const file = rest.at(-1)!;
const tuned = rest.length > 1;
const sdk = createRequire(join(folder!, 'x.js'))('@aws-crypto/client-node') as EncryptionSdk;
const { encryptStream } = sdk.buildClient(sdk.CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
const keyring = new sdk.RawAesKeyringNode({
  keyName: 'bench',
  keyNamespace: 'bench',
  unencryptedMasterKey: new Uint8Array(32).fill(9),
  wrappingSuite: sdk.RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
});
// By itself it signs and takes frames of 4 KiB; tuned, it does not sign and its frames are as large as ours.
const suiteId = sdk.AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY;
const encryptor = encryptStream(keyring, tuned ? { suiteId, frameLength: 65_536 } : {});
await pipeline(createReadStream(file, { highWaterMark: 2 ** 20 }), encryptor, createWriteStream('/dev/null'));
