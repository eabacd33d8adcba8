import type { ZstdCompress, ZstdDecompress } from 'node:zlib';

/** Its pieces are computed by the threads of the system's pool, one at a time. */
export type Codec = ZstdCompress | ZstdDecompress;

/**
 * Puts bytes through a codec piece by piece, and hands out what comes as it comes. When this settles, the codec reads and
 * computes nothing any more.
 *
 * @param consume gets bytes of which it is the only owner, and says whether more are wanted: if not, no piece is begun
 *   after this one.
 * @throws what the codec fails with
 */
export async function pump(
  codec: Codec,
  input: Uint8Array,
  pieceBytes: number,
  consume: (bytes: Uint8Array) => boolean,
): Promise<void> {
  let wanted = true;
  codec.on('data', (bytes: Uint8Array) => {
    wanted = consume(bytes) && wanted;
  });
  try {
    for (let offset = 0; wanted && offset < input.length; offset += pieceBytes) {
      // Each is waited for: a codec that has pieces in its queue when it is ended writes an empty frame behind the last.
      if (!codec.write(input.subarray(offset, offset + pieceBytes))) await met(codec, 'drain');
    }
    if (!wanted) return;
    codec.end();
    await met(codec, 'end');
  } finally {
    codec.destroy();
  }
}

function met(codec: Codec, event: 'drain' | 'end'): Promise<void> {
  return new Promise((resolve, reject) => {
    const onEvent = (): void => {
      codec.off('error', onError);
      resolve();
    };
    const onError = (error: Error): void => {
      codec.off(event, onEvent);
      reject(error);
    };
    codec.once(event, onEvent);
    codec.once('error', onError);
  });
}
