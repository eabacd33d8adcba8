import { SealpartError } from '../../errors.ts';

/** The source is not what an unfinished upload was of: that one is left as it is. */
export class SourceDiffers extends SealpartError {
  constructor(message: string, segment?: number) {
    super('source-changed', message, { segment });
  }
}
