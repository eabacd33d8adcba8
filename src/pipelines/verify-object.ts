import type { ObjectName, ObjectStore } from '../objects/object-store.ts';
import { firstReadBytes, type ObjectReadOptions, openObjectInput } from './object-input.ts';
import type { Telemetry } from './telemetry.ts';
import { type StructureReport, verifyStructure } from './verify-structure.ts';

/**
 * Checks the structure of an object without a key, as verifyStructure does, in one GET up to 1 MiB, and in one more for
 * the rest of a larger one; of an indexed one its last 64 KiB come between.
 *
 * @param options with `telemetry`, counts what was checked.
 * @throws SealpartError as verifyStructure, and what the store throws
 */
export async function verifyObjectStructure(
  store: ObjectStore,
  object: ObjectName,
  options: ObjectReadOptions & { readonly telemetry?: Telemetry | undefined } = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<StructureReport> {
  const input = await openObjectInput(store, object, firstReadBytes, options, signal);
  return verifyStructure(input, signal, options.telemetry);
}
