import { createHash, generateKeySync, type KeyObject } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import {
  createFileSink,
  decryptStream,
  exportObject,
  formatSymmetricKey,
  getObject,
  keyFileIdentity,
  NullSink,
  type ObjectName,
  type ObjectStore,
  openDirectoryStore,
  openSeekableFile,
  openSqliteManifest,
  SealpartError,
} from '../../src/index.ts';
import { flipBit, mendCrcs } from './damage.ts';
import { runSealpart, untilPartsAreStored } from './killed-put.ts';
import { makeContent } from './make-content.ts';
import { besideEachOther, partsPicture, table } from './pictures.ts';
import { storedParts } from './stored-parts.ts';
import { type UploadLeft, uploadLeft } from './upload-left.ts';

const defaultSizeBytes = 256 * 2 ** 20;
/** docs/format.md §1: what writers take for one recipient and no context. */
const headerLength = 1024;
/** docs/format.md §2: the standard segment. */
const segmentBytes = 8 * 2 ** 20;
const interrupted = new AbortController();
const { signal } = interrupted;
process.once('SIGINT', () => interrupted.abort());

const directory = await mkdtemp(join(tmpdir(), 'sealpart-demo-'));
try {
  await demonstrate(process.argv[2], directory);
} catch (error) {
  console.error(`The demonstration stopped: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  await rm(directory, { recursive: true, force: true });
}

/** Puts a file into a store, kills that, resumes it, looks at it there, damages a copy, gets the file back, compares. */
async function demonstrate(given: string | undefined, workspace: string): Promise<void> {
  const content = given === undefined ? join(workspace, 'content.txt') : resolve(given);
  if (given === undefined) {
    say(1, `Making a file of ${mib(defaultSizeBytes)} MiB: numbered lines that anybody can read.`);
    await makeContent(content, defaultSizeBytes);
  } else say(1, `Taking ${given}.`);
  const size = (await stat(content)).size;

  const key = generateKeySync('hmac', { length: 256 });
  const store = await openDirectoryStore(join(workspace, 'store'), { create: true });
  try {
    const object = { bucket: 'demo', key: basename(content) };
    await store.createBucket(object.bucket, signal);
    const { left, putMs } = await putWithKill({ content, size, key, store, object, workspace });
    const parts = await storedParts(store, object, signal);
    console.log(partsPicture(parts, left));
    const stored = parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);

    const copy = join(workspace, 'copy.sealpart');
    await exportObject(store, object, await createFileSink(copy, {}, signal), signal);
    say(4, 'The same place of the file, at home and in the store:');
    const place = Math.floor(size / 2);
    console.log(besideEachOther(await bytesAt(content, place), await bytesAt(copy, Math.floor(stored / 2))));

    const access = { identities: [keyFileIdentity(key)], objectName: object };
    // Behind the headers, also of a file that is all but empty.
    const middle = Math.max(Math.floor(stored / 2), headerLength + 128);
    say(5, 'Flipping one bit in the middle of a copy, and decrypting that; then hiding it by mending the checksums:');
    await flipBit(copy, middle);
    console.log(`  rot, refused:     ${await refusalOf(copy, access)}`);
    await mendCrcs(copy, headerLength, middle);
    console.log(`  attack, refused:  ${await refusalOf(copy, access)}`);

    say(6, 'Getting the file back from the store, and comparing.');
    const back = join(workspace, 'back');
    const getStart = performance.now();
    const got = await getObject({ store, object, sink: await createFileSink(back, {}, signal), access }, signal);
    const getMs = performance.now() - getStart;
    const same = (await sha256Of(back)) === (await sha256Of(content));
    if (!same) throw new Error('the file that came back is another one');

    console.log(
      `\n${table([
        ['content', `${size.toLocaleString('en')} bytes, back to the byte`],
        [
          'in the store',
          `${stored.toLocaleString('en')} bytes in ${parts.length} ${parts.length === 1 ? 'part' : 'parts'}: ${((stored / Math.max(1, size) - 1) * 100).toFixed(3)} % more`,
        ],
        ['resumed put', `${(putMs / 1000).toFixed(2)} s, ${sentText(parts.length, left)}`],
        ['get', rate(size, getMs)],
        ['stream digest', Buffer.from(got.streamDigest).toString('hex')],
      ])}`,
    );
  } finally {
    await store.close();
  }
}

interface KillScene {
  readonly content: string;
  readonly size: number;
  readonly key: KeyObject;
  readonly store: ObjectStore;
  readonly object: ObjectName;
  readonly workspace: string;
}

/** Puts by a process that is killed half-way, and by another one that goes on. */
async function putWithKill(scene: KillScene): Promise<{ left: UploadLeft | undefined; putMs: number }> {
  const { content, size, key, store, object, workspace } = scene;
  const keyFile = join(workspace, 'demo.key');
  await writeFile(keyFile, formatSymmetricKey(key), { mode: 0o600 });
  const manifestPath = join(workspace, 'manifest.db');
  const putCommand = ['put', '--key-file', keyFile, '--manifest', `sqlite:${manifestPath}`];
  const url = `${store.name}//${object.bucket}/${object.key}`;

  say(2, 'Putting it into an object store in a directory, encrypted on the way; killing that half-way (kill -9).');
  const half = Math.ceil(size / segmentBytes / 2);
  const killed = await runSealpart([...putCommand, content, url], workspace, signal, async (kill, ended) => {
    await untilPartsAreStored(store, object, half, ended);
    kill();
  });
  const manifest = await openSqliteManifest(manifestPath, { signal });
  let left: UploadLeft | undefined;
  try {
    left = await uploadLeft(manifest, store, object, signal);
  } finally {
    await manifest.close();
  }
  if (left !== undefined)
    console.log(`  killed; the manifest knows of ${left.committed.size} parts of upload ${left.id}`);
  else console.log(`  ${killed.exitCode === 0 ? 'it was faster than the kill' : 'killed before its first part'}`);

  say(3, 'Running the same command again, from another folder: it goes on where the first one stopped.');
  const elsewhere = await mkdtemp(join(workspace, 'elsewhere-'));
  const putStart = performance.now();
  const resumed = await runSealpart([...putCommand, content, url], elsewhere, signal);
  const putMs = performance.now() - putStart;
  if (resumed.exitCode !== 0) throw new Error(resumed.stderr.trim());
  return { left, putMs };
}

async function refusalOf(path: string, access: Parameters<typeof decryptStream>[0]['access']): Promise<string> {
  try {
    await decryptStream({ input: await openSeekableFile(path, signal), sink: new NullSink(), access }, signal);
  } catch (error) {
    if (error instanceof SealpartError) return `${error.code}. ${error.message}`;
    throw error;
  }
  throw new Error('a damaged stream was accepted');
}

async function bytesAt(path: string, position: number): Promise<Uint8Array> {
  const file = await open(path);
  try {
    // A multiple of 64 is where a line begins in the file that was made above.
    const { buffer, bytesRead } = await file.read(Buffer.alloc(192), 0, 192, position - (position % 64));
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(chunk);
  return hash.digest('hex');
}

function say(step: number, text: string): void {
  console.log(`\n${step}. ${text}`);
}

function sentText(parts: number, left: UploadLeft | undefined): string {
  const kept = left?.committed.size ?? 0;
  return `${parts - kept} of ${parts} parts sent, ${kept} kept`;
}

function mib(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}

function rate(bytes: number, ms: number): string {
  return `${(ms / 1000).toFixed(2)} s, ${(bytes / 1e6 / (ms / 1000)).toFixed(0)} MB/s`;
}
