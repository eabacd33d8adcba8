/** The command line does not say what to do: nothing was begun. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
