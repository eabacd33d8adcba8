import { describe, expect, it } from 'vitest';
import { segmentHeaderLength } from '../../src/format/segment-header.ts';
import type { CheckedBytes } from '../../src/objects/object-store.ts';
import { storeContent } from '../../src/pipelines/intake/store-content.ts';
import type { Stretch } from '../../src/workers/messages.ts';
import { findMarkedBlock, markedContent, randomLooking } from '../support/content.ts';
import { intakeScene, sceneName, sceneSizes } from '../support/intake/intake-scene.ts';
import { overridden } from '../support/intake/overridden.ts';
import { failureOf } from '../support/refusal.ts';
import { calm } from '../support/streams.ts';
import { watchPool } from '../support/watched-pool.ts';
import { faultyWorker } from '../support/worker-file.ts';

const length = 4 * sceneSizes.segmentSizeBytes + 5_000;

describe('a worker that dies while content comes in (X22)', () => {
  it.each(['exit', 'throw', 'uncaught'] as const)(
    'by %s fails the upload, and nothing half sealed is sent',
    async (how) => {
      for (const segmentIndex of [0, 2, 4]) {
        const workerUrl = await faultyWorker({ how, segmentIndex, afterFrames: 2, times: 1 });
        const scene = await intakeScene({ workers: 1, workerUrl });
        const sent: Buffer[] = [];
        const store = overridden(scene.store, {
          uploadPart: (upload, partNumber, body, signal) => {
            sent.push(Buffer.concat((body as CheckedBytes).pieces));
            return scene.store.uploadPart(upload, partNumber, body, signal);
          },
        });
        const request = scene.request(markedContent(length, 5), { store });
        const failure = await failureOf(storeContent(scene.machine, request, calm));
        expect(failure.code).toBe('worker');
        expect((await failureOf(scene.store.head(sceneName, calm))).code).toBe('not-found');
        expect(await scene.left()).toEqual({ stored: 0, recorded: 0 });
        // Whole segments, each with its own index, and never the one that the worker died of.
        for (const part of sent) {
          const at = part.indexOf('SEG2');
          const index = part.readUInt32LE(at + 4);
          expect(index).not.toBe(segmentIndex);
          expect(part.length - at - segmentHeaderLength).toBe(part.readUInt32LE(at + 44));
          expect(findMarkedBlock(part)).toBe(-1);
        }
        // The memory is free again, and the next upload goes through the same threads.
        const content = randomLooking(length, how);
        await storeContent(scene.machine, scene.request(content), calm);
        expect(Buffer.compare(await scene.read(), content)).toBe(0);
        scene.machine.memory.close();
      }
    },
  );

  it('leaves no frame of the failed segment in memory that others are given', async () => {
    let batches = 0;
    const written: Stretch[] = [];
    const scene = await intakeScene({
      watch: (pool) =>
        watchPool(pool, {
          batch: async (batch, run) => {
            const result = await run();
            if (++batches < 4) return result;
            written.push(batch.wire);
            throw new Error('made to fail behind the frames');
          },
        }),
    });
    await expect(storeContent(scene.machine, scene.request(randomLooking(length, 1)), calm)).rejects.toThrow('made to');
    expect(written.length).toBeGreaterThan(0);
    const { buffer } = scene.machine.pool.wire;
    for (const { offset, length } of written) {
      expect(new Uint8Array(buffer, offset, length).every((byte) => byte === 0)).toBe(true);
    }
    scene.machine.memory.close();
  });
});
