import { describe, expect, it, onTestFinished } from 'vitest';
import { SealpartError } from '../../src/errors.ts';
import type { Sink } from '../../src/sinks/sink.ts';

/** One place that a result may come to stand in. What it holds must be released by onTestFinished. */
export interface SinkHarness {
  /** A new sink for that place. Called again after an earlier one was aborted. */
  open(): Promise<Sink>;
  /**
   * What somebody who looks there now would take for a whole result, undefined if nothing: the file under its name,
   * the object under its key, what a stream's reader got if it saw the stream end cleanly.
   */
  visible(): Promise<Uint8Array | undefined>;
  /** What stood there before the first sink was opened. */
  readonly before: Uint8Array | undefined;
}

export interface SinkTraits {
  /** True for a sink that only counts: what is visible cannot be compared. */
  readonly keepsNothing?: boolean;
  /** True for a pipe: its reader cannot tell an abort from an end. */
  readonly endsAlike?: boolean;
}

const go = new AbortController().signal;

/** Bytes that differ from one place to the next and from one seed to the next. */
function pattern(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) bytes[index] = index * 31 + (index >> 8) * 7 + seed * 101;
  return bytes;
}

const a = pattern(1000, 1);
const b = pattern(70_000, 2);
const c = pattern(3, 3);

type Step = readonly [what: string, run: (sink: Sink) => Promise<void>];

const write = (bytes: Uint8Array, what: string): Step => [
  `write ${what}`,
  async (sink) => {
    const lent = new Uint8Array(bytes);
    await sink.writeTentative(lent, go);
    // The bytes belong to the caller again, who does this to them.
    lent.fill(0xee);
  },
];
const commit: Step = ['commit', (sink) => sink.commitSegment(go)];
const rollback: Step = ['rollback', (sink) => sink.rollbackSegment()];
const finish: Step = ['finish', (sink) => sink.finish(go)];
const abort: Step = ['abort', (sink) => sink.abort()];

/** All that a writer may do, so that whatever a sink does in stages is cut between any two. */
const script: readonly Step[] = [
  write(a, 'a'),
  write(b, 'b'),
  commit,
  write(c, 'c'),
  rollback,
  commit,
  write(b, 'b'),
  commit,
  write(c, 'c'),
  commit,
  finish,
];

/**
 * What every sink promises. An irreversible one runs what applies to it.
 *
 * @param makeHarness - Called within each test.
 */
export function sinkContract(name: string, makeHarness: () => Promise<SinkHarness>, traits: SinkTraits = {}): void {
  async function start(): Promise<{ harness: SinkHarness; sink: Sink }> {
    const harness = await makeHarness();
    return { harness, sink: await reopen(harness) };
  }

  /** Whatever a test leaves undone ends with it, as the end of its process would end it. */
  async function reopen(harness: SinkHarness): Promise<Sink> {
    const sink = await harness.open();
    onTestFinished(() => sink.abort());
    return sink;
  }

  async function run(sink: Sink, steps: readonly Step[]): Promise<void> {
    for (const [, step] of steps) await step(sink);
  }

  async function expectVisible(harness: SinkHarness, expected: Uint8Array | undefined): Promise<void> {
    if (traits.keepsNothing) return;
    const visible = await harness.visible();
    if (expected === undefined) expect(visible).toBeUndefined();
    else expect(visible && Buffer.compare(visible, expected)).toBe(0);
  }

  /** Nothing of a result is to be seen that was not finished. */
  async function expectUntouched(harness: SinkHarness): Promise<void> {
    if (!traits.endsAlike) await expectVisible(harness, harness.before);
  }

  describe(`${name} keeps the contract of sinks`, () => {
    it('has a name for messages', async () => {
      const { sink } = await start();
      expect(sink.name).toMatch(/./);
    });

    it('makes what was committed visible when it finishes, in order', async () => {
      const { harness, sink } = await start();
      await run(sink, [write(a, 'a'), write(c, 'c'), commit, write(b, 'b'), commit, finish]);
      await expectVisible(harness, Buffer.concat([a, c, b]));
    });

    it('shows nothing before it finishes', async () => {
      const { harness, sink } = await start();
      await expectUntouched(harness);
      for (const step of [write(a, 'a'), commit, write(b, 'b'), commit]) {
        await run(sink, [step]);
        await expectUntouched(harness);
      }
    });

    it('gives an empty result if no segment was written', async () => {
      const { harness, sink } = await start();
      await run(sink, [finish]);
      await expectVisible(harness, new Uint8Array(0));
    });

    it('takes empty writes and empty segments', async () => {
      const { harness, sink } = await start();
      await run(sink, [write(new Uint8Array(0), 'nothing'), commit, write(a, 'a'), commit, commit, finish]);
      await expectVisible(harness, a);
    });

    it('takes a write of many megabytes', async () => {
      const { harness, sink } = await start();
      const large = pattern(9 * 1024 * 1024 + 5, 4);
      await run(sink, [write(c, 'c'), write(large, 'much'), commit, finish]);
      await expectVisible(harness, Buffer.concat([c, large]));
    });

    it('takes bytes of shared memory, whole buffers and views', async () => {
      const { harness, sink } = await start();
      const shared = new Uint8Array(new SharedArrayBuffer(b.length + 16), 16);
      shared.set(b);
      await sink.writeTentative(shared, go);
      await sink.writeTentative(shared.subarray(100, 200), go);
      shared.fill(0xee);
      await run(sink, [commit, finish]);
      await expectVisible(harness, Buffer.concat([b, b.subarray(100, 200)]));
    });

    it('does as it should for a rollback, and goes on after it', async () => {
      const { harness, sink } = await start();
      await run(sink, [
        rollback,
        write(a, 'a'),
        commit,
        write(b, 'b'),
        rollback,
        rollback,
        write(c, 'c'),
        commit,
        finish,
      ]);
      await expectVisible(harness, Buffer.concat(sink.irreversible ? [a, b, c] : [a, c]));
    });

    it('gives what was committed if the last segment was rolled back', async () => {
      const { harness, sink } = await start();
      await run(sink, [write(a, 'a'), commit, write(b, 'b'), write(c, 'c'), rollback, finish]);
      await expectVisible(harness, Buffer.concat(sink.irreversible ? [a, b, c] : [a]));
    });

    const statesToAbort: readonly (readonly [when: string, steps: readonly Step[]])[] = [
      ['at once', []],
      ['with a segment open', [write(a, 'a')]],
      ['with a segment committed', [write(a, 'a'), commit]],
      ['with one committed and one open', [write(a, 'a'), commit, write(b, 'b')]],
      ['after a rollback', [write(a, 'a'), rollback]],
      ['after an empty segment', [commit]],
    ];
    it.each(statesToAbort)('leaves nothing behind when aborted %s, once or twice', async (_, steps) => {
      const { harness, sink } = await start();
      await run(sink, [...steps, abort]);
      await expectUntouched(harness);
      await run(sink, [abort]);
      await expectUntouched(harness);
    });

    it('keeps its result when aborted after it finished', async () => {
      const { harness, sink } = await start();
      await run(sink, [write(a, 'a'), commit, finish, abort, abort]);
      await expectVisible(harness, a);
    });

    const cancellable: readonly (readonly [
      what: string,
      before: readonly Step[],
      call: (sink: Sink) => Promise<void>,
    ])[] = [
      ['writeTentative', [], (sink) => sink.writeTentative(a, AbortSignal.abort())],
      ['commitSegment', [write(a, 'a')], (sink) => sink.commitSegment(AbortSignal.abort())],
      ['finish', [write(a, 'a'), commit], (sink) => sink.finish(AbortSignal.abort())],
    ];
    it.each(cancellable)('refuses %s when the signal has fired', async (_, before, call) => {
      const { harness, sink } = await start();
      await run(sink, before);
      await expect(call(sink)).rejects.toMatchObject({ code: 'aborted' });
      await expectUntouched(harness);
      await run(sink, [abort]);
      await expectUntouched(harness);
    });

    it('passes on a typed reason of the signal', async () => {
      const { sink } = await start();
      const reason = new SealpartError('store', 'The store is on fire.');
      await expect(sink.writeTentative(a, AbortSignal.abort(reason))).rejects.toBe(reason);
    });

    it.each(script.map((_, length) => length))(
      'shows the old state or the new if it is dropped after %i calls',
      async (length) => {
        const { harness, sink } = await start();
        await run(sink, script.slice(0, length));
        await expectUntouched(harness);
      },
    );

    it('shows the new state if it is dropped after finish', async () => {
      const { harness, sink } = await start();
      await run(sink, script);
      await expectVisible(harness, Buffer.concat(sink.irreversible ? [a, b, c, b, c] : [a, b, b, c]));
    });

    it('is not in the way of another sink after it was dropped or aborted', async () => {
      const { harness, sink } = await start();
      if (sink.irreversible) return;
      await run(sink, [write(a, 'a'), commit, write(b, 'b')]);
      const second = await reopen(harness);
      await run(second, [write(b, 'b'), abort]);
      const third = await reopen(harness);
      await run(third, [write(c, 'c'), commit, finish]);
      await expectVisible(harness, c);
      await run(sink, [abort]);
      await expectVisible(harness, c);
    });
  });
}
