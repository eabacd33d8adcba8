import { concatBytes } from '../../src/format/bytes.ts';
import type { SeededRandom } from './random.ts';

/** Values at which lengths and counts go wrong. */
const edges = [0, 1, 2, 0x7f, 0x80, 0xff];

type Mutation = (bytes: Uint8Array, random: SeededRandom) => Uint8Array;

const mutations: readonly Mutation[] = [
  function flipBit(bytes, random) {
    if (bytes.length > 0) bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
    return bytes;
  },
  function setByte(bytes, random) {
    if (bytes.length > 0)
      bytes[random.below(bytes.length)] = random.below(2) === 0 ? random.pick(edges) : random.below(256);
    return bytes;
  },
  function setWord(bytes, random) {
    const at = random.below(Math.max(1, bytes.length - 3));
    bytes.fill(random.pick(edges), at, Math.min(bytes.length, at + random.pick([2, 4])));
    return bytes;
  },
  function cut(bytes, random) {
    return bytes.subarray(0, random.below(bytes.length + 1));
  },
  function extend(bytes, random) {
    return concatBytes(
      bytes,
      Uint8Array.from({ length: 1 + random.below(32) }, () => random.below(256)),
    );
  },
  function copyWithin(bytes, random) {
    const length = random.below(Math.min(64, bytes.length) + 1);
    const from = random.below(bytes.length + 1);
    bytes.copyWithin(random.below(bytes.length + 1), from, from + length);
    return bytes;
  },
  function remove(bytes, random) {
    const at = random.below(bytes.length + 1);
    return concatBytes(bytes.subarray(0, at), bytes.subarray(at + random.below(8)));
  },
];

/** Changes valid input in one to four places; now and then it is replaced by noise. */
export function mutate(valid: Uint8Array, random: SeededRandom): Uint8Array {
  if (random.below(64) === 0) return Uint8Array.from({ length: random.below(300) }, () => random.below(256));
  let bytes: Uint8Array = valid.slice();
  for (let times = 1 + random.below(4); times > 0; times--) bytes = random.pick(mutations)(bytes, random);
  return bytes;
}
