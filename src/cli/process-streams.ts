import { isatty } from 'node:tty';
import { openStandardOutput } from '../sinks/standard-output.ts';
import { openStandardInput } from '../sources/standard-input.ts';
import type { CliStreams } from './cli-context.ts';

const usualColumns = 80;

/** The streams that this process was started with. */
export function processStreams(): CliStreams {
  const { stderr } = process;
  // Whoever read the messages may be gone. The command goes on all the same: its exit code tells how it ended.
  stderr.on('error', () => undefined);
  return {
    openStandardInput,
    openStandardOutput,
    outputIsTerminal: isatty(1),
    errors: {
      write: (text) => {
        stderr.write(text);
      },
      isTerminal: isatty(2),
      get columns() {
        return stderr.columns || usualColumns;
      },
    },
  };
}
