import { appendFileSync } from 'node:fs';
import { expect } from 'vitest';

/** What a test did to cause a fault of the catalogue, and what came of it. */
export interface FaultNote {
  /** `S06`, `C01`: the row of docs/faults.md. */
  readonly id: string;
  readonly injected: string;
  /** How often the fault was really met. */
  readonly reached: number;
  readonly outcome: string;
}

/**
 * Notes that a fault was caused, and fails if it was not: a test of a fault that never happens shows nothing.
 * `npm run faults` collects the notes.
 */
export function noteFault(note: FaultNote): void {
  expect(note.reached, `${note.id}: ${note.injected} was never reached`).toBeGreaterThan(0);
  const file = process.env.SEALPART_FAULT_LOG;
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(note)}\n`);
}
