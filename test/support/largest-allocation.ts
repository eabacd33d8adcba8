import { getHeapStatistics } from 'node:v8';

export interface Allocations {
  /** The largest buffer that was asked for while something ran. */
  readonly largestBytes: number;
  /** All that was allocated meanwhile for objects, whether it was freed again or not. */
  readonly heapBytes: number;
}

function heapBytesEver(): number {
  const { total_allocated_bytes: bytes } = getHeapStatistics() as { total_allocated_bytes?: number };
  if (bytes === undefined) throw new Error('this Node does not count what is allocated');
  return bytes;
}

const kinds = ['ArrayBuffer', 'SharedArrayBuffer', 'Uint8Array'] as const;

/**
 * Runs something and notes what it asks for. Not for several at a time: it stands in front of the
 * constructors of the whole process meanwhile.
 */
export async function largestAllocation(run: () => Promise<unknown>): Promise<Allocations> {
  let largestBytes = 0;
  const note = (size: unknown): void => {
    const bytes = typeof size === 'number' ? size : size instanceof Uint8Array ? size.length : 0;
    largestBytes = Math.max(largestBytes, bytes);
  };
  const originals = kinds.map((kind) => [kind, globalThis[kind]] as const);
  const alloc = { alloc: Buffer.alloc, allocUnsafe: Buffer.allocUnsafe };
  for (const [kind, original] of originals) {
    const watched: object = new Proxy(original, {
      construct(target, parameters, newTarget): object {
        note(parameters[0]);
        return Reflect.construct(target, parameters, newTarget === watched ? target : newTarget);
      },
    });
    Object.assign(globalThis, { [kind]: watched });
  }
  Buffer.alloc = (size, ...rest) => {
    note(size);
    return alloc.alloc(size, ...rest);
  };
  Buffer.allocUnsafe = (size) => {
    note(size);
    return alloc.allocUnsafe(size);
  };
  const before = heapBytesEver();
  let heapBytes: number;
  try {
    await run();
    heapBytes = heapBytesEver() - before;
  } finally {
    for (const [kind, original] of originals) Object.assign(globalThis, { [kind]: original });
    Object.assign(Buffer, alloc);
  }
  return { largestBytes, heapBytes };
}
