import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';
import { tagLength } from '../format/frame-header.ts';
import type { Suite } from '../format/stream-parameters.ts';

/**
 * An authenticated cipher over whole messages: the seam at which another implementation of the same two suites can
 * stand in for node:crypto.
 */
export interface AeadEngine {
  /** Writes ciphertext || tag into `target`, which is 16 bytes longer than the plaintext and does not overlap it. */
  encrypt(
    suite: Suite,
    key: KeyObject,
    nonce: Uint8Array,
    aad: Uint8Array,
    plaintext: Uint8Array,
    target: Uint8Array,
  ): void;
  /** The plaintext of ciphertext || tag, or undefined if the tag does not verify: then nothing of it was handed out. */
  decrypt(
    suite: Suite,
    key: KeyObject,
    nonce: Uint8Array,
    aad: Uint8Array,
    message: Uint8Array,
  ): Uint8Array | undefined;
}

// §4.4: Without authTagLength, node:crypto verifies a tag of 4 bytes.
const options = { authTagLength: tagLength } as const;

// Two calls that look alike, because the types of node:crypto tell the suites apart by literal.
function cipher(suite: Suite, key: KeyObject, nonce: Uint8Array) {
  return suite === 1
    ? createCipheriv('aes-256-gcm', key, nonce, options)
    : createCipheriv('chacha20-poly1305', key, nonce, options);
}

function decipher(suite: Suite, key: KeyObject, nonce: Uint8Array) {
  return suite === 1
    ? createDecipheriv('aes-256-gcm', key, nonce, options)
    : createDecipheriv('chacha20-poly1305', key, nonce, options);
}

export const nodeAead: AeadEngine = {
  encrypt(suite, key, nonce, aad, plaintext, target) {
    const run = cipher(suite, key, nonce);
    run.setAAD(aad, { plaintextLength: plaintext.length });
    // Not set(): into shared memory it moves bytes one at a time where the two are aligned differently.
    run.update(plaintext).copy(target);
    run.final();
    target.set(run.getAuthTag(), plaintext.length);
  },

  decrypt(suite, key, nonce, aad, message) {
    const length = message.length - tagLength;
    if (length < 0) return undefined;
    const run = decipher(suite, key, nonce);
    run.setAAD(aad, { plaintextLength: length });
    run.setAuthTag(message.subarray(length));
    // update() hands out plaintext that nobody has verified yet: it stays in here until final() has.
    const unverified = run.update(message.subarray(0, length));
    try {
      run.final();
    } catch {
      unverified.fill(0);
      return undefined;
    }
    return unverified;
  },
};
