import { copyBytes } from '../flow/copy-bytes.ts';
import type { ObjectInput } from './object-input.ts';

/** An input of which all bytes are at hand. */
export function bytesInput(name: string, bytes: Uint8Array): ObjectInput {
  return {
    name,
    size: bytes.length,
    async readAt(position, target) {
      const count = Math.max(0, Math.min(target.length, bytes.length - position));
      copyBytes(bytes.subarray(position, position + count), target);
      return count;
    },
    close: async () => undefined,
  };
}
