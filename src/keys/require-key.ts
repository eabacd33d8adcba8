import type { KeyObject } from 'node:crypto';
import { keyLength } from '../crypto/key-schedule.ts';

/**
 * What every factory asks of a symmetric key that it is given.
 *
 * @throws TypeError if it is no secret KeyObject, RangeError if it has not 32 bytes
 */
export function requireSymmetricKey(key: KeyObject, name: string): void {
  if (key.type !== 'secret') throw new TypeError(`${name} must be a secret KeyObject, not a ${key.type} one.`);
  if (key.symmetricKeySize !== keyLength) {
    throw new RangeError(`${name} must have ${keyLength} bytes, not ${key.symmetricKeySize}.`);
  }
}
