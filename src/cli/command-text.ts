import { resolve } from 'node:path';
import { toHex } from '../format/bytes.ts';
import { exactBytesText, rateText } from './human-numbers.ts';
import { isStandard } from './open-input.ts';

/** A file as the first line names it: where it really is. */
export function inputText(path: string | undefined): string {
  return isStandard(path) ? 'standard input' : resolve(path);
}

export function outputText(path: string | undefined): string {
  return isStandard(path) ? 'standard output' : resolve(path);
}

/** `encrypted 4194304 bytes (4 MiB) in 0.25 s (16 MiB/s)` */
export function doneText(done: string, bytes: number, seconds: number): string {
  // Of a little content the rate says only how long the process took to start.
  const rate = bytes < 2 ** 20 ? '' : ` (${rateText(bytes / Math.max(seconds, 0.001))})`;
  return `${done} ${exactBytesText(bytes)} in ${seconds.toFixed(2)} s${rate}`;
}

/** The digest as --expect-digest takes it. */
export function digestLine(streamDigest: Uint8Array): string {
  return `stream digest ${toHex(streamDigest)}`;
}

/** Seconds as results tell them: more digits would be noise. */
export function roundedSeconds(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
