import { SealpartError } from '../errors.ts';
import type { ReaderKeys } from '../keys/open-header.ts';
import { type DecryptionNeeds, type MemoryPlan, type MemoryRequest, planDecryption } from './memory-plan.ts';
import { keyDerivationBytesOf, type OpenedStream } from './opened-stream.ts';
import type { WireInput } from './wire-input.ts';

/** What a run reads, and with which keys. */
export interface Reading {
  readonly stream: OpenedStream;
  readonly access: ReaderKeys;
  readonly input: Pick<WireInput, 'size' | 'requests'>;
  /** As in DecryptionNeeds. */
  readonly holdsSegments: boolean;
}

/**
 * Divides the budget of a run that reads a stream: the index of an indexed one comes first; and an input that answers
 * several requests at a time is given room for all of their answers, as far as half of the budget goes.
 *
 * @throws SealpartError `bad-parameters` if the index leaves no room for frames
 */
export function planReading({ stream, access, input, holdsSegments }: Reading, request: MemoryRequest): MemoryPlan {
  const indexBytes = stream.index?.memoryBytes ?? 0;
  const needs = { parameters: stream.crypto.parameters, holdsSegments, inputBytes: input.size };
  const keyDerivationBytes = keyDerivationBytesOf(stream, access);
  const memoryBytes = request.memoryBytes - indexBytes;
  const plan = planDecryption(needs, { ...request, memoryBytes, keyDerivationBytes });
  if (plan.plainBytes < plan.least.plainBytes) throw overBudget(indexBytes, request.memoryBytes);
  const roomy = withRoomForAnswers(plan, needs, input.requests?.readAheadBytes ?? 0, memoryBytes);
  return { ...roomy, peakBytes: roomy.peakBytes + indexBytes };
}

/**
 * Measured with a store 100 ms away that gives 25 MiB/s a connection and eight requests of 8 MiB at a time: with 32 MiB
 * for answers two thirds of what plain requests get, with 80 MiB nine tenths.
 */
function withRoomForAnswers(
  plan: MemoryPlan,
  { inputBytes = Number.POSITIVE_INFINITY }: DecryptionNeeds,
  readAheadBytes: number,
  memoryBytes: number,
): MemoryPlan {
  const wireBytes = Math.max(plan.wireBytes, Math.min(Math.floor(memoryBytes / 2), inputBytes, readAheadBytes));
  const plainBytes = Math.min(memoryBytes - wireBytes, Math.max(plan.plainBytes, wireBytes));
  const more = wireBytes + plainBytes - plan.wireBytes - plan.plainBytes;
  return { ...plan, wireBytes, plainBytes, peakBytes: plan.peakBytes + more };
}

function overBudget(indexBytes: number, memoryBytes: number): SealpartError {
  const mib = (bytes: number): number => Math.ceil(bytes / 2 ** 20);
  return new SealpartError(
    'bad-parameters',
    `The index of this stream takes ${mib(indexBytes)} MiB of memory and the budget is ${mib(memoryBytes)} MiB: ` +
      'give more memory.',
  );
}
