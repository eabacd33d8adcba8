import type { KeyObject } from 'node:crypto';
import type { RecipientField } from '../format/header-fields.ts';
import type { WrapContext } from './wrap.ts';

/** Opens the recipients of a header that are meant for it (docs/format.md §1). */
export interface Identity {
  readonly kind: RecipientField['kind'];
  /**
   * True if only those who know its secret can seal for it. To the others anyone can, so that a reader who has a
   * symmetric key does not use them unless told (§8).
   */
  readonly symmetric: boolean;
  /** True if the field names this identity: its key id, its key's ARN, or for a passphrase any passphrase field. */
  addressed(field: RecipientField): boolean;
  /**
   * The data key that the field wraps, or undefined if it does not open. Nobody has compared it with the stream's
   * commitment yet.
   *
   * @throws SealpartError `kms-unavailable` if a key service did not answer or denied, `header-auth` if the field
   *   asks for more work than this identity was told to do, `aborted`
   */
  open(field: RecipientField, context: WrapContext, signal: AbortSignal): Promise<KeyObject | undefined>;
}
