import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** Where the commands of a test file keep their state, unless a test says otherwise: never in the user's own folder. */
export const stateHome: string = mkdtempSync(join(tmpdir(), 'sealpart-state-'));

afterAll(() => rmSync(stateHome, { recursive: true, force: true }));
