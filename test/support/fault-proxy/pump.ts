import { setTimeout as delay } from 'node:timers/promises';

/** What happens to a body on its way. */
export interface Shape {
  readonly bytesPerSecond?: number;
  /** Done once, when exactly so many bytes have passed. */
  readonly step?: { readonly afterBytes: number; readonly act: () => Promise<void> };
}

/** Small enough that a slow body moves ten times a second. */
const slicesPerSecond = 10;

export async function pump(
  body: AsyncIterable<Buffer>,
  write: (bytes: Buffer) => Promise<void>,
  { bytesPerSecond, step }: Shape,
  signal: AbortSignal,
): Promise<void> {
  let passed = 0;
  let due = step;
  const take = async (): Promise<void> => {
    if (due === undefined || passed < due.afterBytes) return;
    const { act } = due;
    due = undefined;
    await act();
  };
  await take();
  for await (const chunk of body) {
    for (let rest = chunk; rest.length > 0; ) {
      const untilStep = due === undefined ? rest.length : due.afterBytes - passed;
      const slice =
        bytesPerSecond === undefined ? rest.length : Math.max(1, Math.floor(bytesPerSecond / slicesPerSecond));
      const piece = rest.subarray(0, Math.min(untilStep, slice));
      if (bytesPerSecond !== undefined) await delay((piece.length / bytesPerSecond) * 1000, undefined, { signal });
      await write(piece);
      passed += piece.length;
      rest = rest.subarray(piece.length);
      await take();
    }
  }
}
