import { contentCapacity, segmentCount } from '../format/schedule.ts';
import type { StreamParameters } from '../format/stream-parameters.ts';
import type { StoreLimits } from '../objects/object-store.ts';
import { defaultMemoryBytes } from '../pipelines/memory-plan.ts';
import { chooseParameters, destinationOf, type WriteOptions } from '../pipelines/seal-stream.ts';

/** How content of a known length would be cut, before anything is sealed or sent. */
export interface PutPlan {
  readonly parameters: StreamParameters;
  /** Segments of the stream; as many parts, where it is more than one. */
  readonly segments: number;
}

/** @throws SealpartError `bad-parameters` */
export function planPut(options: WriteOptions, contentLength: number, limits: StoreLimits): PutPlan {
  // Memory has a say only where the length is not known.
  const memory = { memoryBytes: defaultMemoryBytes };
  const parameters = chooseParameters(options, contentLength, destinationOf(limits), memory);
  return { parameters, segments: segmentCount(parameters, contentLength) };
}

/** Content of one segment is put whole: there is nothing that could be gone on with. */
export function isPutWhole(options: WriteOptions, contentLength: number | undefined, limits: StoreLimits): boolean {
  if (contentLength === undefined) return false;
  const { parameters } = planPut(options, contentLength, limits);
  return contentLength <= contentCapacity(parameters, 0);
}
