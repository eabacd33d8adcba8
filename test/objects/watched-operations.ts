import { diskOperations, type FileOperations } from '../../src/objects/directory/file-operations.ts';

export type FileStep = keyof FileOperations;

/** Called with the step's name and the first path it was given, or '' if it was given an open file. */
export type StepWatcher = (step: FileStep, path: string) => void | Promise<void>;

/** File operations that call `before` and `after` around each step. What `before` throws is the step's failure. */
export function watchedOperations(before: StepWatcher, after: StepWatcher = () => {}): FileOperations {
  const watch =
    <A extends unknown[], R>(step: FileStep, operation: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      const path = typeof args[0] === 'string' ? args[0] : '';
      await before(step, path);
      const result = await operation(...args);
      await after(step, path);
      return result;
    };
  return {
    create: watch('create', diskOperations.create),
    open: watch('open', diskOperations.open),
    write: watch('write', diskOperations.write),
    sync: watch('sync', diskOperations.sync),
    rename: watch('rename', diskOperations.rename),
    syncFolder: watch('syncFolder', diskOperations.syncFolder),
    unlink: watch('unlink', diskOperations.unlink),
  };
}
