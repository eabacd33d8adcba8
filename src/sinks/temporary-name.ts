import { randomBytes } from 'node:crypto';
import { readdir, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ioError, systemCode } from '../sources/io-error.ts';

/** What a file name may have in nearly all file systems. */
const maxNameBytes = 255;
const randomDigits = 8;
const marker = '.sealpart-';
const ending = '.tmp';

/** As many characters from the beginning as have at most `limit` bytes in UTF-8. */
function truncateName(name: string, limit: number): string {
  let bytes = 0;
  let kept = '';
  for (const character of name) {
    bytes += Buffer.byteLength(character);
    if (bytes > limit) break;
    kept += character;
  }
  return kept;
}

function beginning(target: string): string {
  const room = maxNameBytes - 1 - marker.length - randomDigits - ending.length;
  return `.${truncateName(basename(target), room)}${marker}`;
}

/** A new name beside the target, `.NAME.sealpart-XXXXXXXX.tmp`, for what is to become it. */
export function temporaryPath(target: string): string {
  const random = randomBytes(randomDigits / 2).toString('hex');
  return join(dirname(target), `${beginning(target)}${random}${ending}`);
}

/**
 * The temporary files that writers of this target left behind when they were killed, and those of writers that are at
 * work: nothing but their age tells them apart.
 *
 * @throws SealpartError `io` if the directory cannot be read.
 */
export async function listLeftovers(target: string): Promise<string[]> {
  const start = beginning(target);
  return (await listAllLeftovers(dirname(target))).filter((path) => {
    const name = basename(path);
    return name.startsWith(start) && name.length === start.length + randomDigits + ending.length;
  });
}

/**
 * The same for all targets in a directory.
 *
 * @throws SealpartError `io` if the directory cannot be read.
 */
export async function listAllLeftovers(directory: string): Promise<string[]> {
  let names: string[];
  try {
    names = await readdir(directory);
  } catch (cause) {
    throw ioError(`The directory ${directory} could not be read`, cause);
  }
  return names
    .filter((name) => /^\..+\.sealpart-[0-9a-f]{8}\.tmp$/s.test(name))
    .sort()
    .map((name) => join(directory, name));
}

/**
 * Removes the temporary files of this target that nobody has written to for so long, and says which they were.
 *
 * @throws SealpartError `io` if one cannot be removed.
 */
export async function removeLeftovers(target: string, idleTimeMs: number): Promise<string[]> {
  const removed: string[] = [];
  for (const path of await listLeftovers(target)) {
    try {
      const { mtimeMs } = await stat(path);
      if (Date.now() - mtimeMs < idleTimeMs) continue;
      await unlink(path);
      removed.push(path);
    } catch (cause) {
      // Its writer, or another cleaner, was there first.
      if (systemCode(cause) !== 'ENOENT') throw ioError(`${path} could not be removed`, cause);
    }
  }
  return removed;
}
