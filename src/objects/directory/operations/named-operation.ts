import type { NamedAnswer, NamedRequest } from '../../bucket-store.ts';
import type { ObjectName } from '../../object-store.ts';
import type { Catalogue } from '../catalogue.ts';
import type { CallGround } from '../store-ground.ts';

/** An operation that was asked for by name. */
export interface NamedCall {
  readonly ground: CallGround;
  readonly request: NamedRequest;
  /** The object that it is about; its key is empty for an operation on a bucket. */
  readonly name: ObjectName;
  readonly signal: AbortSignal;
}

/** Carries out an operation. Throws SealpartError with S3's word in `said`. */
export type NamedOperation = (call: NamedCall) => Promise<NamedAnswer>;

/** Runs `work`, which only reads, on one state of the catalogue that has the bucket. */
export async function viewBucket<T>(call: NamedCall, work: (catalogue: Catalogue) => T): Promise<T> {
  const { catalogue } = call.ground;
  return await catalogue.view(call.signal, () => {
    catalogue.requireBucket(call.name.bucket);
    return work(catalogue);
  });
}

/** Runs `work` as one transaction on a catalogue that has the bucket. */
export async function changeBucket<T>(call: NamedCall, work: (catalogue: Catalogue) => T): Promise<T> {
  const { catalogue } = call.ground;
  return await catalogue.change(call.signal, () => {
    catalogue.requireBucket(call.name.bucket);
    return work(catalogue);
  });
}
