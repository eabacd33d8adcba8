import { describe, expect, it } from 'vitest';
import { WaitedTooLong } from '../../../src/flow/waited-too-long.ts';
import { storeContent } from '../../../src/pipelines/intake/store-content.ts';
import type { Source } from '../../../src/sources/source.ts';
import { randomLooking } from '../../support/content.ts';
import { intakeScene } from '../../support/intake/intake-scene.ts';
import { calm } from '../../support/streams.ts';

const mib = 2 ** 20;
/** Segments of 4 MiB: four pieces of wire memory each. */
const sizes = { segmentSizeBytes: 4 * mib, frameSizeBytes: 2 ** 16 };

/** A source that waits before each read, and never lies still in the middle of one. */
function slowSource(bytes: Uint8Array, delayMs: () => number): Source {
  let position = 0;
  return {
    name: 'a client',
    size: bytes.length,
    read: async (target) => {
      await new Promise((resolve) => setTimeout(resolve, delayMs()));
      const piece = bytes.subarray(position, position + target.length);
      target.set(piece);
      position += piece.length;
      return piece.length;
    },
    close: async () => undefined,
  };
}

/** Waits for a signal, and fails with it. */
function until(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

describe('memory that many uploads share', () => {
  it('is enough for all of them to end, whatever they hold, slow or fast', async () => {
    // Room for six pieces: all uploads begun at once would hold one or two each, and none of them four.
    const scene = await intakeScene({ wireBytes: 6.5 * mib, plainBytes: 2 * mib });
    const contents = Array.from({ length: 16 }, (_, i) => randomLooking(4 * mib + i * 99_991, `shared ${i}`));
    let used = 0;
    const puts = contents.map(async (content, i) => {
      const object = { bucket: 'shelf', key: `upload ${i}` };
      const write = { ...scene.request(content).write, ...sizes, objectName: object };
      const source = slowSource(content, () => (i % 2 === 0 ? 8 : 0));
      const observe = async (): Promise<void> => {
        used = Math.max(used, scene.machine.memory.plainUsedBytes);
      };
      await storeContent(scene.machine, scene.request(content, { object, write, source, observe }), calm);
      expect(Buffer.compare(await scene.read(object), content)).toBe(0);
    });
    await Promise.all(puts);
    expect(used).toBeLessThanOrEqual(2 * mib);
    expect(scene.machine.memory.waiting).toBe(0);
    scene.machine.memory.close();
  });

  it('is held by those who send slowly only for what has come', async () => {
    const scene = await intakeScene({ wireBytes: 12 * mib, plainBytes: 4 * mib });
    const { memory } = scene.machine;
    const stop = new AbortController();
    const puts = Array.from({ length: 5 }, (_, i) => {
      const content = randomLooking(3 * mib, i);
      const write = { ...scene.request(content).write, ...sizes };
      const source = slowSource(content, () => 1_000_000);
      const object = { bucket: 'shelf', key: `slow ${i}` };
      source.read = (_target, signal) => until(signal);
      return storeContent(scene.machine, scene.request(content, { object, write, source }), stop.signal);
    });
    const ended = Promise.allSettled(puts);
    while (memory.wire.pieces - memory.wire.freePieces < 5) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(memory.plainUsedBytes).toBe(5 * 256 * 1024);
    expect(memory.wire.pieces - memory.wire.freePieces).toBe(5);
    stop.abort();
    expect((await ended).every(({ status }) => status === 'rejected')).toBe(true);
    memory.close();
  });

  it('is taken for little content too, where there is much of it', async () => {
    const scene = await intakeScene({ plainBytes: mib });
    const { memory } = scene.machine;
    const write = { ...scene.request(new Uint8Array(0)).write, ...sizes };
    const stored = Array.from({ length: 40 }, async (_, i) => {
      const content = randomLooking(60_000, i);
      const object = { bucket: 'shelf', key: `little ${i}` };
      const request = scene.request(content, { object, write: { ...write, objectName: object } });
      await storeContent(scene.machine, { ...request, source: slowSource(content, () => 5) }, calm);
      expect(Buffer.compare(await scene.read(object), content)).toBe(0);
    });
    await Promise.all(stored);
    memory.close();
  });

  it('is waited for no longer than the limit, and says so', async () => {
    let pressed = 0;
    const scene = await intakeScene({
      wireBytes: 4.5 * mib,
      plainBytes: 2 * mib,
      waitLimitMs: 500,
      maxWaiting: 1,
      onPressure: () => pressed++,
    });
    const { memory } = scene.machine;
    const content = randomLooking(4 * mib - 4096, 'limit');
    const write = { ...scene.request(content).write, ...sizes };
    const stop = new AbortController();
    const source = slowSource(content, () => 0);
    const read = source.read;
    let given = 0;
    source.read = async (target, signal) => {
      if (given >= 3 * mib) await until(signal);
      given += target.length;
      return read(target, signal);
    };
    const object = { bucket: 'shelf', key: 'stands still' };
    const holder = storeContent(scene.machine, scene.request(content, { object, write, source }), stop.signal);
    const held = expect(holder).rejects.toThrow();
    while (memory.wire.freePieces > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(memory.admits).toBe(true);
    const second = storeContent(scene.machine, scene.request(content, { write }), calm);
    const refused = expect(second).rejects.toBeInstanceOf(WaitedTooLong);
    while (memory.waiting === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    expect([memory.waiting, memory.admits, pressed]).toEqual([1, false, 1]);
    await refused;
    expect(memory.admits).toBe(true);
    stop.abort();
    await held;
    memory.close();
  });
});
