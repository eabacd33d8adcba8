import { SealpartError } from '../../src/errors.ts';
import { layouts } from '../../src/format/stream-parameters.ts';
import { decryptStream } from '../../src/pipelines/decrypt-stream.ts';
import { expect } from './check-accept.ts';
import { type DecryptPath, decryptPaths, IrreversibleSink, type Pools, RecordingSink } from './decrypt-paths.ts';
import type { Loaded, RefuseVector } from './vector.ts';
import { accessOf } from './vector-access.ts';
import { contentBefore } from './write-again.ts';

const signal = new AbortController().signal;

/** @throws Error that says how the refusal is not the one that the vector expects */
export async function checkRefuse(loaded: Loaded<RefuseVector>, pools: Pools): Promise<void> {
  const indexed = startsIndexed(loaded.stream);
  for (const path of decryptPaths) {
    if (path.seekable || !indexed) await checkPath(loaded, path, pools);
  }
}

function startsIndexed(stream: Uint8Array): boolean {
  return Buffer.from(stream.subarray(0, 4)).toString('latin1') === 'SEG2';
}

async function checkPath({ vector, stream }: Loaded<RefuseVector>, path: DecryptPath, pools: Pools): Promise<void> {
  const access = accessOf(vector.keys, vector.asked);
  const pool = pools[path.pool];
  const most = mostReleased(vector);

  const recording = new RecordingSink();
  judge(
    await refusalOf(decryptStream({ input: path.input(stream), sink: recording, access, pool }, signal)),
    vector,
    path,
  );
  expect(recording.committedBytes <= most, `nothing of the refused segment committed (${path.name})`);

  // Nothing of a refused segment reaches a sink that cannot take it back, if it asks for whole segments.
  const pipe = new IrreversibleSink();
  const strict = { input: path.input(stream), sink: pipe, access, pool, streamingThreshold: 0 };
  judge(await refusalOf(decryptStream(strict, signal)), vector, path);
  expect(pipe.releasedBytes <= most, `nothing of the refused segment released (${path.name})`);
}

/** Content of the segments before the refused one; of a stream refused as a whole, all but its last byte. */
function mostReleased(vector: RefuseVector): number {
  const { segment } = vector.expect;
  if (vector.params.layout === layouts.indexed)
    return segment === undefined || segment === 0xffffffff ? 0 : Number.POSITIVE_INFINITY;
  if (segment !== undefined) return contentBefore(vector, segment);
  return vector.expect.code === 'trailing-data' ? Number.POSITIVE_INFINITY : 0;
}

async function refusalOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

function judge(refusal: unknown, vector: RefuseVector, path: DecryptPath): void {
  const { code, segment, frame } = vector.expect;
  const wanted = JSON.stringify({ code, segment, frame });
  if (!(refusal instanceof SealpartError)) {
    throw new Error(
      `expected ${wanted} (${path.name}), got ${refusal === undefined ? 'no refusal' : String(refusal)}`,
      {
        cause: refusal,
      },
    );
  }
  const got = JSON.stringify({ code: refusal.code, segment: refusal.segment, frame: refusal.frame });
  // A vector that names no place leaves it open.
  const placed =
    (segment === undefined || segment === refusal.segment) && (frame === undefined || frame === refusal.frame);
  expect(code === refusal.code && placed, `${wanted} (${path.name}), got ${got}: ${refusal.message}`);
}
