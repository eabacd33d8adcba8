import { randomBytes } from 'node:crypto';

/**
 * An ETag for one write of a part or of a whole object: 32 hexadecimal digits, as S3's are, but random. What S3 puts
 * there, the MD5 of the bytes, would cost more than encrypting them, and an ETag only has to differ from write to write.
 */
export function newEtag(): string {
  return randomBytes(16).toString('hex');
}

/** An ETag for an object that was completed from so many parts: like S3's, it ends in their count. */
export function newCompletedEtag(partCount: number): string {
  return `${newEtag()}-${partCount}`;
}
