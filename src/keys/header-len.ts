import { SealpartError } from '../errors.ts';
import { encodeFields } from '../format/header-fields.ts';
import { headerOverhead } from '../format/stream-header.ts';
import { headerLenRange } from '../format/stream-parameters.ts';
import { contextFields, contextLengthBytes, type HeaderContents } from './header-contents.ts';
import type { Recipient } from './recipient.ts';

const usualLength = 1024;
const roomyLength = 4096;
const mostContextInUsual = 200;
/** Room for generation, object and origin, so that each can be added by a rewrite, which has to make do with it. */
const rewriteReserve: number = 3 + 8 + (3 + 32) + (3 + 40);

/**
 * How long a header to take for these recipients and this context (docs/format.md §1): 1,024 bytes; 4,096 as soon as
 * a KMS key or more than 200 bytes of context are there; more where that is not enough.
 *
 * @returns bytes, for `headerLen` of the stream's parameters
 * @throws SealpartError `bad-parameters` if no header is long enough
 */
export function headerLenFor(recipients: readonly Recipient[], contents: HeaderContents = {}): number {
  const context = contents.context ?? {};
  // §1.7.
  const roomy = recipients.some(({ kind }) => kind === 'kms') || contextLengthBytes(context) > mostContextInUsual;
  const needed =
    headerOverhead +
    encodeFields(contextFields(context)).length +
    recipients.reduce((sum, recipient) => sum + recipient.fieldLengthBytes, 0) +
    rewriteReserve;
  const rounded = Math.ceil(needed / headerLenRange.multipleOf) * headerLenRange.multipleOf;
  if (rounded > headerLenRange.most) {
    throw new SealpartError(
      'bad-parameters',
      `Recipients and context need a header of ${needed} bytes, and ${headerLenRange.most} are the most: take less.`,
    );
  }
  return Math.max(roomy ? roomyLength : usualLength, rounded);
}
