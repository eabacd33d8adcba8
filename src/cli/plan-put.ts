import { chooseProfile, judgeSegmentCount } from '../format/profile.ts';
import { contentCapacity, segmentCount } from '../format/schedule.ts';
import { digestAlgs, layouts, type StreamParameters, suites } from '../format/stream-parameters.ts';
import { headerLenFor } from '../keys/header-len.ts';
import type { StoreLimits } from '../objects/object-store.ts';
import type { WriteOptions } from '../pipelines/seal-stream.ts';

/** How content of a known length would be cut, before anything is sealed or sent. */
export interface PutPlan {
  readonly parameters: StreamParameters;
  /** Segments of the stream; as many parts, where it is more than one. */
  readonly segments: number;
}

/** @throws SealpartError `bad-parameters` */
export function planPut(options: WriteOptions, contentLength: number, limits: StoreLimits): PutPlan {
  const headerLen = headerLenFor(options.recipients, options);
  const { equalParts, maxParts: maxSegments } = limits;
  const profile = chooseProfile({ ...options, forStore: true, equalParts, maxSegments, contentLength, headerLen });
  const parameters: StreamParameters = {
    ...profile,
    suite: options.suite ?? suites.aesGcm,
    digestAlg: options.digestAlg ?? digestAlgs.sha256Fragments,
    layout: layouts.scheduled,
    compression: options.zstd === true ? 1 : 0,
    headerLen,
  };
  judgeSegmentCount(parameters, contentLength, maxSegments);
  return { parameters, segments: segmentCount(parameters, contentLength) };
}

/** Content of one segment is put whole: there is nothing that could be gone on with. */
export function isPutWhole(options: WriteOptions, contentLength: number | undefined, limits: StoreLimits): boolean {
  if (contentLength === undefined) return false;
  const { parameters } = planPut(options, contentLength, limits);
  return contentLength <= contentCapacity(parameters, 0);
}
