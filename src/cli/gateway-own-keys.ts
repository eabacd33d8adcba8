import { dirname } from 'node:path';
import { freshBytes } from '../crypto/fresh-bytes.ts';
import { secretKey } from '../crypto/hkdf.ts';
import { SealpartError } from '../errors.ts';
import { toHex } from '../format/bytes.ts';
import { everything } from '../gateway/access/parse-access-keys.ts';
import { keyFileId } from '../keys/key-id.ts';
import { formatSymmetricKey } from '../keys/key-text.ts';
import { makeFolder } from '../manifest/durable-folder.ts';
import type { BucketStore } from '../objects/bucket-store.ts';
import { createFileSink } from '../sinks/file-sink.ts';
import { ioError } from '../sources/io-error.ts';
import type { OwnPlaces } from './gateway-places.ts';
import { jsonText } from './one-line.ts';
import { withText } from './text-sink.ts';
import { whatStandsAt } from './tree-folder.ts';

/** What was made at this start, to be told once. */
export interface MadeKeys {
  readonly keyFile?: string;
  readonly accessKey?: { readonly id: string; readonly secret: string; readonly file: string };
}

/**
 * Makes what is missing of this user's own key file and access key.
 *
 * @param wanted which of the two the settings leave to us
 * @throws SealpartError `bad-key` if the key file is gone and the store has objects; `io`, `aborted`
 */
export async function makeOwnKeys(
  places: OwnPlaces,
  wanted: { readonly keyFile: boolean; readonly accessKey: boolean },
  store: BucketStore,
  signal: AbortSignal,
): Promise<MadeKeys> {
  const made: { -readonly [Name in keyof MadeKeys]: MadeKeys[Name] } = {};
  if (wanted.keyFile && (await whatStandsAt(places.keyFile)) === undefined) {
    if (await hasObjects(store, signal)) throw lostKey(places, store);
    if (await makeFile(places.keyFile, keyFileLines(), signal)) made.keyFile = places.keyFile;
  }
  if (wanted.accessKey && (await whatStandsAt(places.accessKeys)) === undefined) {
    const key = { id: `SEALPART${letters(12)}`, secret: letters(40) };
    const document = { keys: [{ ...key, rules: everything.map(({ access, buckets }) => ({ access, buckets })) }] };
    const isMade = await makeFile(places.accessKeys, [jsonText(document)], signal);
    if (isMade) made.accessKey = { ...key, file: places.accessKeys };
  }
  return made;
}

/** A new key would open none of them, and hide that the old one is lost until it is too late to look for it. */
function lostKey({ keyFile, store: folder }: OwnPlaces, store: BucketStore): SealpartError {
  const what = `${keyFile} is not there, and ${store.name} has objects that only it opens.`;
  const todo = `Put it back from its copy; or, to give up what is stored, move ${folder} away.`;
  return new SealpartError('bad-key', `${what} ${todo}`);
}

async function hasObjects(store: BucketStore, signal: AbortSignal): Promise<boolean> {
  for (let startAfter: string | undefined; ; ) {
    const page = await store.listBuckets(startAfter === undefined ? {} : { startAfter }, signal);
    for (const { name: bucket } of page.buckets) {
      const { versions } = await store.listVersions({ bucket, prefix: '', limit: 1 }, signal);
      if (versions.length > 0) return true;
    }
    startAfter = page.next;
    if (startAfter === undefined) return false;
  }
}

function keyFileLines(): string[] {
  const key = secretKey(freshBytes(32));
  return [
    '# Sealpart key file: encrypts and decrypts. Keep it secret, and keep a copy.',
    `# key id: ${toHex(keyFileId(key))}`,
    formatSymmetricKey(key),
  ];
}

/** False if another gateway was faster. */
async function makeFile(path: string, lines: readonly string[], signal: AbortSignal): Promise<boolean> {
  try {
    await makeFolder(dirname(path));
    const sink = await createFileSink(path, { overwrite: false, mode: 0o600 }, signal);
    await withText(sink, signal, async (text) => {
      for (const line of lines) await text.line(line);
    });
    return true;
  } catch (error) {
    if (error instanceof SealpartError && error.code === 'exists') return false;
    throw ioError(`${path} could not be made`, error);
  }
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Five random bits a character: 40 of them are 200. */
function letters(count: number): string {
  return Array.from(freshBytes(count), (byte) => alphabet[byte & 31]).join('');
}
