import { SealpartError } from '../errors.ts';

/** Nothing of what was waited for came free in time. Later there may be some. */
export class WaitedTooLong extends SealpartError {
  constructor(limitMs: number) {
    super(
      'aborted',
      `No memory came free for ${Math.round(limitMs / 1000)} s, because others hold all of it: try again later, or give ` +
        'more memory.',
    );
  }
}
