import type { KeyObject } from 'node:crypto';
import type { RecipientField } from '../format/header-fields.ts';
import type { WrapContext } from './wrap.ts';

/** Type and length of a header field. */
export const fieldPrefixLength = 3;

/** Somebody who shall be able to open a stream: wraps its data key into a field of the header (docs/format.md §1). */
export interface Recipient {
  readonly kind: RecipientField['kind'];
  /**
   * Bytes that its field takes in the header, type and length included. For a key service, whose answer is not known
   * before it was asked, the most that is expected.
   */
  readonly fieldLengthBytes: number;
  /** True for a field that this recipient's key opens; for a passphrase, which has no id, for one of its kind. */
  opens(field: RecipientField): boolean;
  /** What sealing takes while it runs, where that is worth planning for. */
  readonly memoryBytes?: number;
  /**
   * @throws SealpartError `kms-unavailable` if a key service does not answer, `bad-key` for a public key that nothing
   *   can be sealed to, `aborted`
   */
  seal(dataKey: KeyObject, context: WrapContext, signal: AbortSignal): Promise<RecipientField>;
}
