import { type FailureCode, SealpartError } from '../errors.ts';

/** What the system's codes mean, and what a person can do about them. */
const explanations: Readonly<Record<string, readonly [reason: string, advice: string]>> = {
  EACCES: ['permission denied', 'Check the permissions of the file and of the directories above it.'],
  EBUSY: ['it is in use or is a mount point', 'Choose another name, or unmount it.'],
  ECONNRESET: ['the other side closed the connection', 'Run the command again.'],
  EDQUOT: ['the disk quota is used up', 'Free some space there, or choose another place.'],
  EFBIG: ['it would grow beyond the largest file allowed here', 'Choose another file system, or raise `ulimit -f`.'],
  EINVAL: ['the system does not support this there', 'Choose another place.'],
  EIO: ['the device reported an input/output error', 'Check the disk and the system log before trying again.'],
  EISDIR: ['it is a directory', 'Give the name of a file.'],
  ELOOP: ['too many symbolic links lead to it', 'Give the path they lead to.'],
  EMFILE: ['this process has too many files open', 'Raise `ulimit -n`.'],
  ENAMETOOLONG: ['the name is too long for the file system', 'Choose a shorter name.'],
  ENFILE: ['the system has too many files open', 'Close other programs, then run again.'],
  ENOENT: ['there is no such file or directory', 'Check the path.'],
  ENOSPC: ['no space is left on its file system', 'Free some space there, or choose another place.'],
  ENOTDIR: ['a part of its path is not a directory', 'Check the path.'],
  ENXIO: ['it is a socket, or a device that is not there', 'Give a file, or a named pipe.'],
  EPERM: ['the system does not permit it', 'Check the owner and the attributes of the file and its directory.'],
  EPIPE: ['its reader went away', 'What the reader got is incomplete: discard it.'],
  EROFS: ['the file system is read-only', 'Choose a place that can be written.'],
  ESTALE: ['the file server does not know it any more', 'Run the command again.'],
  EXDEV: ['it is mounted from another file system', 'Choose another name in that directory.'],
};

/** The code that the system or Node gave an error (`ENOENT`), if it has one. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/**
 * The error that says what could not be done, why, and what helps.
 *
 * @param deed - What failed and to what, as the beginning of a sentence: `/a/b could not be opened`.
 * @param cause - What was thrown. An error that is typed already is given back as it is.
 */
export function ioError(deed: string, cause: unknown, code: FailureCode = 'io'): SealpartError {
  if (cause instanceof SealpartError) return cause;
  const system = systemCode(cause);
  const known = system === undefined ? undefined : explanations[system];
  if (known !== undefined) return new SealpartError(code, `${deed}: ${known[0]} (${system}). ${known[1]}`, { cause });
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new SealpartError(code, `${deed}: ${reason.replace(/\.$/, '')}.`, { cause });
}
