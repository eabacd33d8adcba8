import { closeSync, openSync } from 'node:fs';

/**
 * Takes SIGHUP from whoever listens to it now, for whom it means the end, until what is returned is called.
 *
 * @param fromTerminal true if this process belongs to a terminal, whose end is told by the same signal
 */
export function takeHangups(
  fromTerminal: boolean,
  on: { readonly reload: () => void; readonly terminalGone: () => void },
): () => void {
  const others = process.listeners('SIGHUP');
  const listener = (): void => (fromTerminal && !hasTerminal() ? on.terminalGone() : on.reload());
  process.removeAllListeners('SIGHUP');
  process.on('SIGHUP', listener);
  return () => {
    process.removeListener('SIGHUP', listener);
    for (const other of others) process.on('SIGHUP', other);
  };
}

/** The terminal of a process can be opened by this name for as long as it is there. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
