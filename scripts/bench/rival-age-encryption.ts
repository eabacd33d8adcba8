import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';

// A whole process: encrypts a file to /dev/null with the age-encryption package, which is installed below a folder.
// Usage: node rival-age-encryption.ts FOLDER FILE

/** As much of the package as is used here. */
interface AgeEncryption {
  readonly Encrypter: new () => {
    addRecipient(recipient: string): void;
    encrypt(content: ReadableStream): Promise<ReadableStream>;
  };
  readonly generateIdentity: () => Promise<string>;
  readonly identityToRecipient: (identity: string) => Promise<string>;
}

const [, , folder, file] = process.argv;
const entry = pathToFileURL(join(folder!, 'node_modules/age-encryption/dist/index.js')).href;
const age = (await import(entry)) as AgeEncryption;
const encrypter = new age.Encrypter();
encrypter.addRecipient(await age.identityToRecipient(await age.generateIdentity()));
const content = Readable.toWeb(createReadStream(file!, { highWaterMark: 2 ** 20 })) as unknown as ReadableStream;
const encrypted = await encrypter.encrypt(content);
await pipeline(encrypted as unknown as AsyncIterable<Uint8Array>, createWriteStream('/dev/null'));
