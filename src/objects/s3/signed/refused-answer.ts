import type { Failure } from '../failure.ts';

/** An answer that is not what was asked for: what the store said instead, or what is wrong with what it said. */
export class RefusedAnswer extends Error {
  override readonly name = 'RefusedAnswer';
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message === '' ? failure.code : failure.message);
    this.failure = failure;
  }
}
