import type { FileOperations, WritableFile } from '../../src/sinks/file-operations.ts';
import { systemFileOperations } from '../../src/sinks/file-operations.ts';

/** One call to the file system, as a test names it. */
export interface FileCall {
  readonly operation: keyof WritableFile | keyof FileOperations;
  readonly path: string;
}

/** What becomes of a call: it is done; it fails with a code; the process stops for ever before it or after it. */
export type Fate = 'done' | 'stop-before' | 'stop-after' | { readonly code: string };

export interface FailingFileOperations extends FileOperations {
  /** Every call, in order. */
  readonly calls: readonly FileCall[];
  /** How many calls met another fate than `done`. */
  readonly faults: number;
  /** Resolves when a call has stopped for ever. */
  readonly stopped: Promise<void>;
  /** Closes what a stopped process would have left open, as its end does. */
  end(): Promise<void>;
}

/**
 * The real file system, which fails or stops where a test says so.
 *
 * @param decide - Asked before each call, with its number from 0.
 */
export function failingFileOperations(decide: (call: FileCall, number: number) => Fate): FailingFileOperations {
  const calls: FileCall[] = [];
  const files = new Set<WritableFile>();
  let faults = 0;
  let onStopped: () => void = () => undefined;
  const stopped = new Promise<void>((resolve) => {
    onStopped = resolve;
  });
  const stop = (): Promise<never> => {
    onStopped();
    return new Promise(() => undefined);
  };

  async function call<T>(operation: FileCall['operation'], path: string, act: () => Promise<T>): Promise<T> {
    const made = { operation, path };
    const fate = decide(made, calls.push(made) - 1);
    if (fate !== 'done') faults += 1;
    if (typeof fate === 'object') {
      throw Object.assign(new Error(`${fate.code}: made to fail, ${operation} '${path}'`), { code: fate.code });
    }
    if (fate === 'stop-before') return stop();
    if (fate === 'done') return act();
    await Promise.allSettled([act()]);
    return stop();
  }

  function follow(path: string, file: WritableFile): WritableFile {
    files.add(file);
    return {
      write: (bytes, offset, length, position) =>
        call('write', path, () => file.write(bytes, offset, length, position)),
      truncate: (length) => call('truncate', path, () => file.truncate(length)),
      chmod: (mode) => call('chmod', path, () => file.chmod(mode)),
      sync: () => call('sync', path, () => file.sync()),
      stat: () => call('stat', path, () => file.stat()),
      close: () =>
        call('close', path, async () => {
          files.delete(file);
          await file.close();
        }),
    };
  }

  const system = systemFileOperations;
  return {
    calls,
    stopped,
    get faults() {
      return faults;
    },
    async end() {
      for (const file of files) await file.close();
      files.clear();
    },
    open: (path, flags, mode) => call('open', path, async () => follow(path, await system.open(path, flags, mode))),
    lstat: (path) => call('lstat', path, () => system.lstat(path)),
    stat: (path) => call('stat', path, () => system.stat(path)),
    rename: (from, to) => call('rename', to, () => system.rename(from, to)),
    link: (existing, name) => call('link', name, () => system.link(existing, name)),
    unlink: (path) => call('unlink', path, () => system.unlink(path)),
  };
}
