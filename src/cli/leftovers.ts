import { resolve } from 'node:path';
import { SealpartError } from '../errors.ts';
import { listAllLeftovers, listLeftovers } from '../sinks/temporary-name.ts';
import { countText } from './human-numbers.ts';
import type { Report } from './report.ts';

/**
 * Names what runs to the same file left behind when they were killed: it may hold content. Asked before this run has a
 * temporary file of its own.
 *
 * It is not removed: whether its writer is gone cannot be known, since it may run on another host or in a container.
 */
export async function noteLeftovers(path: string, report: Report): Promise<void> {
  say(await orNone(listLeftovers(resolve(path))), report);
}

/** The same for all files of a folder. */
export async function noteAllLeftovers(folder: string, report: Report): Promise<void> {
  say(await orNone(listAllLeftovers(folder)), report);
}

/** A folder that is not there, or cannot be listed, is the sink's to judge: into some that nobody lists, files can be written. */
async function orNone(listing: Promise<string[]>): Promise<readonly string[]> {
  try {
    return await listing;
  } catch (error) {
    if (error instanceof SealpartError && error.code === 'io') return [];
    throw error;
  }
}

const namedPaths = 3;

function say(leftovers: readonly string[], report: Report): void {
  if (leftovers.length === 0) return;
  const more = leftovers.length > namedPaths ? ` and ${leftovers.length - namedPaths} more beside them` : '';
  const what = countText(leftovers.length, 'temporary file');
  const paths = `${leftovers.slice(0, namedPaths).join(', ')}${more}`;
  report.note(`${what} of runs that were killed, or are still at work: remove what no run is writing: ${paths}`, {
    leftovers,
  });
}
