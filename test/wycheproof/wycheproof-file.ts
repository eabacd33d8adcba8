import { readFileSync } from 'node:fs';

/** The part of Wycheproof's schemas that these tests read: texts are hex unless they say otherwise. */
export interface WycheproofGroup {
  readonly keySize?: number;
  readonly ivSize?: number;
  readonly tagSize?: number;
  readonly curve?: string;
  readonly tests: readonly WycheproofCase[];
}

export interface WycheproofCase {
  readonly tcId: number;
  readonly comment: string;
  readonly flags: readonly string[];
  readonly result: 'valid' | 'invalid' | 'acceptable';
  readonly size?: number;
  readonly [name: string]: unknown;
}

export interface WycheproofFile {
  readonly numberOfTests: number;
  readonly testGroups: readonly WycheproofGroup[];
}

export function readWycheproof(name: string): WycheproofFile {
  return JSON.parse(readFileSync(new URL(`./${name}_test.json`, import.meta.url), 'utf8')) as WycheproofFile;
}

/** The bytes of a case's hex text; a text that is missing fails the test instead of reading as empty. */
export function hexOf(test: WycheproofCase, name: string): Buffer {
  const text = test[name];
  if (typeof text !== 'string') throw new Error(`case ${test.tcId} has no ${name}`);
  return Buffer.from(text, 'hex');
}

/** What was done with a file's cases, to be compared whole: a test that skips something by mistake shows here. */
export class Tally {
  readonly counts: Record<string, number> = {};

  add(name: string): void {
    this.counts[name] = (this.counts[name] ?? 0) + 1;
  }
}
