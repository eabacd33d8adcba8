import type { Source } from '../../src/sources/source.ts';
import { createStreamSource } from '../../src/sources/stream-source.ts';

/** The same bytes in pieces of the given lengths, over and over again; the chunks are copies, as a socket's are. */
export async function* piecesOf(bytes: Uint8Array, lengths: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let offset = 0, i = 0; offset < bytes.length; i++) {
    const length = Math.max(1, lengths[i % lengths.length]!);
    yield bytes.slice(offset, offset + length);
    offset += length;
  }
}

/** A source of unknown length that gives its bytes in such pieces. */
export function cutSource(bytes: Uint8Array, lengths: readonly number[]): Source {
  return createStreamSource(piecesOf(bytes, lengths));
}
