import { expect, test } from 'vitest';
import { x25519KeyId } from '../../src/keys/key-id.ts';
import { wrapAad } from '../../src/keys/wrap.ts';
import { x25519Identity } from '../../src/keys/x25519.ts';
import { x25519PrivateKey, x25519PublicBytes } from '../../src/keys/x25519-keys.ts';
import { hpkeSealByHand } from '../keys/hpke-by-hand.ts';
import { hexOf, readWycheproof, Tally, type WycheproofCase } from './wycheproof-file.ts';

const context = { streamId: Buffer.alloc(16, 1), coreHash: Buffer.alloc(32, 2) };
const dataKey = Buffer.alloc(32, 3);

/**
 * Seals a data key with the shared secret that the case gives, as a sender would whose ephemeral public key is the
 * case's, and lets the identity of the case's private key open it: that works only if it arrives at the same secret.
 */
async function opens(one: WycheproofCase): Promise<boolean> {
  const enc = hexOf(one, 'public');
  const privateKey = x25519PrivateKey(new Uint8Array(hexOf(one, 'private')));
  const recipientPublicKey = x25519PublicBytes(privateKey);
  const wrapped = hpkeSealByHand({
    sharedPoint: hexOf(one, 'shared'),
    enc,
    recipientPublicKey,
    info: wrapAad(context),
    plaintext: dataKey,
  });
  const field = { kind: 'x25519', enc, keyId: x25519KeyId(recipientPublicKey), wrapped } as const;
  const identity = x25519Identity(privateKey);
  expect(identity.addressed(field), `case ${one.tcId}`).toBe(true);
  const opened = await identity.open(field, context, new AbortController().signal);
  if (opened !== undefined) expect(opened.export().equals(dataKey), `case ${one.tcId}`).toBe(true);
  return opened !== undefined;
}

test('X25519 as Wycheproof has it, through HPKE: all-zero shared secrets open nothing', async () => {
  const file = readWycheproof('x25519');
  const tally = new Tally();
  for (const one of file.testGroups.flatMap((group) => group.tests)) {
    const zero = one.flags.includes('ZeroSharedSecret');
    expect(/^0{64}$/.test(one.shared as string), `case ${one.tcId}`).toBe(zero);
    expect(await opens(one), `case ${one.tcId} (${one.comment})`).toBe(!zero);
    tally.add(zero ? 'zero secret, refused' : `${one.result}, opened`);
  }
  expect(tally.counts).toEqual({ 'valid, opened': 264, 'acceptable, opened': 223, 'zero secret, refused': 31 });
  expect(file.numberOfTests).toBe(518);
});
