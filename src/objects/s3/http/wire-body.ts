/**
 * The body of a request: views of memory to be sent one after the other, also of shared memory.
 */
export class WireBody {
  readonly pieces: readonly Uint8Array[];
  readonly byteLength: number;

  constructor(pieces: readonly Uint8Array[]) {
    this.pieces = pieces;
    this.byteLength = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
  }

  /** The bytes in order, as groups of views of at most `sliceBytes` together; nothing is copied. */
  *slices(sliceBytes: number): Generator<Buffer[]> {
    let group: Buffer[] = [];
    let room = sliceBytes;
    for (const piece of this.pieces) {
      for (let offset = 0; offset < piece.byteLength; ) {
        const length = Math.min(room, piece.byteLength - offset);
        group.push(Buffer.from(piece.buffer, piece.byteOffset + offset, length));
        offset += length;
        room -= length;
        if (room > 0) continue;
        yield group;
        group = [];
        room = sliceBytes;
      }
    }
    if (group.length > 0) yield group;
  }
}

/**
 * What is given as a body, as one that can be sent.
 *
 * @throws TypeError for a stream, which could not be sent again
 */
export function toWireBody(body: unknown): WireBody {
  if (body instanceof WireBody) return body;
  if (body === undefined || body === null) return new WireBody([]);
  if (typeof body === 'string') return new WireBody([Buffer.from(body)]);
  if (body instanceof Uint8Array) return new WireBody([body]);
  throw new TypeError('A request body must be a string, a Uint8Array or a WireBody: streams cannot be sent again.');
}
