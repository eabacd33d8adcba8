import { createHash } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SealpartError, throwIfAborted } from '../../../src/errors.ts';
import type { ContentFacts } from '../../../src/pipelines/intake/content-request.ts';
import { storeContent } from '../../../src/pipelines/intake/store-content.ts';
import { sweepUploads } from '../../../src/pipelines/uploads/sweep-uploads.ts';
import { markedContent, randomLooking } from '../../support/content.ts';
import { countRequests } from '../../support/counting-store.ts';
import { collected, intakeScene, sceneName, sceneSizes } from '../../support/intake/intake-scene.ts';
import { openKilledScene } from '../../support/intake/killed-upload.ts';
import { failureOf } from '../../support/refusal.ts';
import { moduleUrl, runScript } from '../../support/run-script.ts';
import { calm } from '../../support/streams.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const frame = sceneSizes.frameSizeBytes;
const first = sceneSizes.segmentSizeBytes - 1024;
const segment = sceneSizes.segmentSizeBytes;

describe('content that is stored', () => {
  it.each([
    0,
    1,
    1024,
    frame - 1,
    frame,
    frame + 1,
    first - 1,
    first,
    first + 1,
    first + segment,
    first + 5 * segment + 12_345,
  ])('of %i bytes comes back as it was', async (length) => {
    const scene = await intakeScene();
    const content = randomLooking(length, length);
    const stored = await storeContent(scene.machine, scene.request(content), calm);
    const head = await scene.store.head(sceneName, calm);
    expect(Buffer.compare(await scene.read(), content)).toBe(0);
    expect(stored).toMatchObject({ etag: head.etag, sizeBytes: head.sizeBytes, contentLength: length });
    expect(stored.whole).toBe(length <= first);
    expect(await scene.left()).toEqual({ stored: 0, recorded: 0 });
    scene.machine.memory.close();
  });

  it('goes through threads, and is observed in order while it does', async () => {
    const scene = await intakeScene({ workers: 2 });
    const content = randomLooking(first + 9 * segment + 77, 'threads');
    const seen = createHash('md5');
    const observe = async (bytes: Uint8Array): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 2));
      seen.update(bytes);
    };
    await storeContent(scene.machine, scene.request(content, { observe }), calm);
    expect(seen.digest('hex')).toBe(createHash('md5').update(content).digest('hex'));
    expect(Buffer.compare(await scene.read(), content)).toBe(0);
    scene.machine.memory.close();
  });

  it('costs one request if it fits into one segment, and its parts and two more if not', async () => {
    const scene = await intakeScene();
    const store = countRequests(scene.store);
    await storeContent(scene.machine, scene.request(randomLooking(first, 1), { store }), calm);
    expect(store.requests).toEqual({ put: 1 });
    store.reset();
    await storeContent(scene.machine, scene.request(randomLooking(first + 2 * segment, 1), { store }), calm);
    expect(store.requests).toEqual({ createMultipart: 1, uploadPart: 3, completeMultipart: 1 });
  });

  it('is told what it has become before it can be seen, and may be given metadata while it is in one piece', async () => {
    const scene = await intakeScene();
    for (const length of [10, first, first + 1]) {
      const told: ContentFacts[] = [];
      const object = { bucket: sceneName.bucket, key: `of ${length}` };
      const stored = await storeContent(
        scene.machine,
        scene.request(randomLooking(length, 2), {
          object,
          attributes: { metadata: { colour: 'green' } },
          accept: async (facts) => {
            expect((await failureOf(scene.store.head(object, calm))).code).toBe('not-found');
            told.push(facts);
            return facts.whole ? { added: 'yes' } : undefined;
          },
        }),
        calm,
      );
      const { etag: _etag, versionId: _versionId, ...facts } = stored;
      expect(told).toEqual([facts]);
      const { metadata } = await scene.store.head(object, calm);
      expect(metadata).toEqual(length > first ? { colour: 'green' } : { colour: 'green', added: 'yes' });
    }
  });
});

describe('content that is not stored', () => {
  const lengths = [10, first, first + 3 * segment];

  it.each(lengths)('of %i bytes is refused after it came, and leaves nothing (A10)', async (length) => {
    const scene = await intakeScene({ workers: 1 });
    const refusal = new Error('not what was promised');
    const accept = async (): Promise<undefined> => {
      throw refusal;
    };
    const given = storeContent(scene.machine, scene.request(randomLooking(length, 3), { accept }), calm);
    await expect(given).rejects.toBe(refusal);
    expect((await failureOf(scene.store.head(sceneName, calm))).code).toBe('not-found');
    expect(await scene.left()).toEqual({ stored: 0, recorded: 0 });
    scene.machine.memory.close();
  });

  it.each(lengths)('of %i bytes breaks off on the way, and leaves nothing (H01)', async (length) => {
    for (const after of [0, 1, Math.floor(length / 2), length - 1]) {
      const scene = await intakeScene();
      const gone = new Error('the client has gone');
      const source = breakingSource(randomLooking(length, 4), after, gone);
      await expect(storeContent(scene.machine, scene.request(new Uint8Array(0), { source }), calm)).rejects.toBe(gone);
      expect(source.closed).toBe(1);
      expect((await failureOf(scene.store.head(sceneName, calm))).code).toBe('not-found');
      expect(await scene.left()).toEqual({ stored: 0, recorded: 0 });
      scene.machine.memory.close();
    }
  });

  it('ends when it is cancelled, wherever it is', async () => {
    const scene = await intakeScene({ workers: 1 });
    for (const calls of [1, 2, 4]) {
      const stop = new AbortController();
      const content = randomLooking(first + 3 * segment, 5);
      const source = breakingSource(content, content.length, undefined);
      const read = source.read.bind(source);
      let count = 0;
      source.read = async (target, signal) => {
        if (++count === calls) stop.abort();
        return read(target, signal);
      };
      const failure = await failureOf(
        storeContent(scene.machine, scene.request(new Uint8Array(0), { source }), stop.signal),
      );
      expect(failure.code).toBe('aborted');
      expect(await scene.left()).toEqual({ stored: 0, recorded: 0 });
    }
    scene.machine.memory.close();
  });

  it('is shorter than was announced', async () => {
    const scene = await intakeScene();
    for (const length of [100, first + segment]) {
      const source = { ...breakingSource(randomLooking(length, 6), length, undefined), size: length + 1 };
      const failure = await failureOf(storeContent(scene.machine, scene.request(new Uint8Array(0), { source }), calm));
      expect(failure.code).toBe('source-changed');
    }
    scene.machine.memory.close();
  });

  it('is not observed to its end', async () => {
    const scene = await intakeScene({ workers: 1 });
    const failure = new SealpartError('worker', 'The thread that hashes has died.');
    let seen = 0;
    const observe = async (): Promise<void> => {
      if (++seen === 3) throw failure;
    };
    const request = scene.request(randomLooking(first + 3 * segment, 7), { observe });
    await expect(storeContent(scene.machine, request, calm)).rejects.toBe(failure);
    expect(await scene.left()).toEqual({ stored: 0, recorded: 0 });
    scene.machine.memory.close();
  });

  it('does not fit into memory, which is said before any of it is read', async () => {
    const scene = await intakeScene({ wireBytes: 2 * 2 ** 20 });
    const source = breakingSource(new Uint8Array(0), 0, new Error('was read'));
    const size = 8 * 2 ** 20;
    const write = { ...scene.request(new Uint8Array(0)).write, segmentSizeBytes: size, frameSizeBytes: 2 ** 16 };
    const request = scene.request(new Uint8Array(0), { source: { ...source, size }, write });
    expect((await failureOf(storeContent(scene.machine, request, calm))).code).toBe('bad-parameters');
  });
});

describe('an upload whose process was killed', () => {
  it('is found by its head, and swept', async () => {
    const folder = await temporaryDirectory();
    // Dead as soon as it has said that it completes: it neither completes nor clears away what it began.
    const { killedBy } = await runScript(`
      import { uploadUntilKilled } from ${moduleUrl('test/support/intake/killed-upload.ts')};
      await uploadUntilKilled(${JSON.stringify(folder)});
    `);
    expect(killedBy).toBe('SIGKILL');
    const { store, manifest } = await openKilledScene(folder);
    onTestFinished(() => Promise.all([store.close(), manifest.close()]).then(() => undefined));
    const [item] = await collected(manifest.list({}, calm));
    expect(item?.state).toBe('completing');
    expect(await collected(manifest.parts(item!.id, calm))).toEqual([]);
    expect(await collected(store.listUploads(item!.bucket, calm))).toHaveLength(1);
    const { swept } = await sweepUploads({ store, uploads: { manifest }, olderThanMs: 0 }, calm);
    expect(swept).toHaveLength(1);
    expect(await collected(manifest.list({}, calm))).toEqual([]);
    expect(await collected(store.listUploads(item!.bucket, calm))).toEqual([]);
  });
});

describe('what the store is given', () => {
  it('holds nothing of the content, in all the memory that it came from', async () => {
    const scene = await intakeScene({ workers: 2 });
    const content = markedContent(first + 6 * segment, 3);
    await storeContent(scene.machine, scene.request(content), calm);
    const wire = Buffer.from(scene.machine.pool.wire.buffer);
    expect(wire.indexOf(Buffer.from('feedc0de', 'hex'))).toBe(-1);
  });
});

/** A source that gives so many bytes, and then fails. */
function breakingSource(content: Uint8Array, after: number, failure: Error | undefined) {
  let position = 0;
  return {
    name: 'a client',
    size: content.length,
    closed: 0,
    async read(target: Uint8Array, signal: AbortSignal): Promise<number> {
      throwIfAborted(signal);
      const room = Math.min(target.length, content.length - position);
      if (failure !== undefined && position + room > after) throw failure;
      target.set(content.subarray(position, position + room));
      position += room;
      return room;
    },
    async close(): Promise<void> {
      this.closed++;
    },
  };
}
