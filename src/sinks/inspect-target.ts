import type { Stats } from 'node:fs';
import { dirname } from 'node:path';
import { SealpartError } from '../errors.ts';
import { ioError, systemCode } from '../sources/io-error.ts';
import type { FileOperations } from './file-operations.ts';

/** What stands where a result was asked for, and can be replaced by it or written to. */
export type Target =
  | { readonly kind: 'absent' }
  | { readonly kind: 'file'; readonly permissions: number }
  | { readonly kind: 'device' }
  | { readonly kind: 'fifo' };

const permissionBits = 0o777;
/** Links that nobody but the system can make. Others may make some in `/dev/shm`. */
const systemLink = /^\/(dev\/[^/]+|dev\/fd\/\d+|proc\/[^/]+\/fd\/\d+)$/;

/** Undefined for what is not there. */
async function look(path: string, how: (path: string) => Promise<Stats>, deed: string): Promise<Stats | undefined> {
  try {
    return await how(path);
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return undefined;
    throw ioError(deed, cause);
  }
}

/** Undefined for what can be neither written to nor replaced. */
function targetOf(found: Stats): Target | undefined {
  if (found.isFile()) return { kind: 'file', permissions: found.mode & permissionBits };
  if (found.isCharacterDevice()) return { kind: 'device' };
  if (found.isFIFO()) return { kind: 'fifo' };
  return undefined;
}

function describe(found: Stats): string {
  if (found.isDirectory()) return 'a directory';
  return found.isBlockDevice() ? 'a block device' : 'neither a file nor a pipe';
}

/**
 * Says what stands at a path before anything is written there.
 *
 * Whoever can make a symbolic link in a directory that others write to could choose where their output goes. So links
 * are refused, but those that the system itself keeps (`/dev/stdout`), as far as they lead to a pipe or a device.
 *
 * @throws SealpartError `io` for a symbolic link, a directory, a block device; `not-found` if the directory above it
 *   does not exist.
 */
export async function inspectTarget(path: string, operations: FileOperations): Promise<Target> {
  const deed = `${path} could not be examined`;
  const found = await look(path, (name) => operations.lstat(name), deed);
  if (found?.isSymbolicLink()) {
    const end = await look(path, (name) => operations.stat(name), deed);
    const target = end && targetOf(end);
    if (systemLink.test(path) && (target?.kind === 'device' || target?.kind === 'fifo')) return target;
    throw new SealpartError(
      'io',
      `${path} is a symbolic link, and nothing is written through links. Give the path it leads to.`,
    );
  }
  if (found === undefined) {
    const directory = dirname(path);
    const deedAbove = `${path} cannot be made: its directory could not be examined`;
    if ((await look(directory, (name) => operations.stat(name), deedAbove)) === undefined) {
      throw new SealpartError(
        'not-found',
        `${path} cannot be made: there is no directory ${directory}. Make it first.`,
      );
    }
    return { kind: 'absent' };
  }
  const target = targetOf(found);
  if (target === undefined) {
    throw new SealpartError('io', `${path} is ${describe(found)} and cannot be written as a file. Give another name.`);
  }
  return target;
}
