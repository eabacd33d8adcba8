import { createSecretKey } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { nodeAead } from '../../src/crypto/aead.ts';
import { FrameCipher } from '../../src/crypto/frame-cipher.ts';
import { concatBytes } from '../../src/format/bytes.ts';
import { frameHeaderLength, frameOverhead, frameTypes } from '../../src/format/frame-header.ts';
import { writeU32 } from '../../src/format/little-endian.ts';
import { randomLooking } from '../support/content.ts';
import { noteFault } from '../support/fault-log.ts';
import { repairSegment } from '../support/repair.ts';
import { inlinePool, makeScheduled } from '../support/streams.ts';
import { expectRefused } from './refused.ts';

// X12: a tag that is shorter than 16 bytes verifies nothing, in whatever way it comes to be short (§4.4).

const pool = inlinePool(2 ** 21);
afterAll(() => pool.close());

const key = createSecretKey(randomLooking(32, 'key'));
const nonce = randomLooking(12, 'nonce');
const aad = randomLooking(88, 'aad');
const plaintext = randomLooking(100, 'plaintext');

describe.each([1, 2] as const)('X12: tags of suite %i', (suite) => {
  const message = new Uint8Array(116);
  nodeAead.encrypt(suite, key, nonce, aad, plaintext, message);

  it('verify with all of their bytes and no others', () => {
    expect(Buffer.compare(nodeAead.decrypt(suite, key, nonce, aad, message)!, plaintext)).toBe(0);
    for (let length = 0; length < message.length; length++) {
      expect(nodeAead.decrypt(suite, key, nonce, aad, message.subarray(0, length))).toBeUndefined();
    }
    for (const kept of [0, 4, 8, 12, 15]) {
      // The ciphertext whole and its tag cut, or filled up with zeros.
      const cut = message.slice(0, 100 + kept);
      expect(nodeAead.decrypt(suite, key, nonce, aad, cut)).toBeUndefined();
      expect(nodeAead.decrypt(suite, key, nonce, aad, concatBytes(cut, new Uint8Array(16 - kept)))).toBeUndefined();
    }
    expect(nodeAead.decrypt(suite, key, nonce, aad, concatBytes(message, Uint8Array.of(0)))).toBeUndefined();
    const reached = message.length + 2 * 5 + 1;
    noteFault({ id: 'X12', injected: `messages of suite ${suite} cut or padded`, reached, outcome: 'none verifies' });
  });

  it('verify for no other nonce, additional data or key', () => {
    const other = (bytes: Uint8Array): Uint8Array => bytes.with(3, bytes[3]! ^ 1);
    expect(nodeAead.decrypt(suite, key, other(nonce), aad, message)).toBeUndefined();
    expect(nodeAead.decrypt(suite, key, nonce, other(aad), message)).toBeUndefined();
    expect(nodeAead.decrypt(suite, key, nonce, aad.subarray(1), message)).toBeUndefined();
    const otherKey = createSecretKey(other(randomLooking(32, 'key')));
    expect(nodeAead.decrypt(suite, otherKey, nonce, aad, message)).toBeUndefined();
  });

  it('of a frame are judged behind its header, which says how long it is', () => {
    const parameters = { suite, key, segmentIndex: 3, aadPrefix: randomLooking(72, 'prefix') };
    const frame = new Uint8Array(plaintext.length + frameOverhead);
    new FrameCipher(parameters).encrypt(frameTypes.data, 5, plaintext, frame);
    const cipher = new FrameCipher(parameters);
    expect(cipher.decrypt(frameTypes.data, 5, frame)).toEqual(Buffer.from(plaintext));
    for (const missing of [1, 4, 12, 16]) {
      const cut = frame.slice(0, frame.length - missing);
      expect(cipher.decrypt(frameTypes.data, 5, cut)).toBe('bad-frame');
      // A header that owns up to being short is the one that belongs there; its tag still has 16 bytes.
      writeU32(cut, 12, plaintext.length - missing);
      writeU32(cut, 16, plaintext.length - missing + 16);
      expect(cipher.decrypt(frameTypes.data, 5, cut)).toBe('frame-auth');
    }
    expect(cipher.decrypt(frameTypes.data, 6, frame)).toBe('bad-frame');
    expect(cipher.decrypt(frameTypes.digest, 5, frame)).toBe('bad-frame');
  });
});

describe('X12: tags in a stream', () => {
  it.each([4, 12, 16])('short by %i bytes are refused, however the lengths are told', async (missing) => {
    const made = await makeScheduled(randomLooking(200, 'x12'));
    const segment = made.segments[0]!;
    const at = 64 + frameHeaderLength + 200 + 16 - missing;
    const shortened = concatBytes(segment.subarray(0, at), segment.subarray(at + missing));
    const told = shortened.slice();
    writeU32(told, 44, shortened.length - 64);
    const lied = told.slice();
    writeU32(lied, 64 + 16, 200 + 16 - missing);
    for (const changed of [shortened, told, lied]) {
      const stream = concatBytes(made.header, repairSegment(changed));
      const code = await expectRefused(stream, made.content, 0, 'tentative', pool);
      expect(code).toBe(changed === shortened ? 'truncated' : 'bad-segment');
    }
    noteFault({ id: 'X12', injected: `a tag of ${16 - missing} bytes in a stream`, reached: 3, outcome: 'refused' });
  });
});
