import { randomBytes } from 'node:crypto';

/**
 * An id for an upload that is begun now: the time in 12 hexadecimal digits and 20 random ones. So uploads of one key are
 * listed in the order in which they were begun, as S3 does, and nobody guesses one.
 */
export function newUploadId(initiatedMs: number): string {
  return `${initiatedMs.toString(16).padStart(12, '0')}${randomBytes(10).toString('hex')}`;
}
