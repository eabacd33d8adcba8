import { type Command, Option } from 'commander';
import { parseSize } from './parse-size.ts';
import { flagValue, parseCount } from './parse-values.ts';

/** Flags that every command has. */
export interface ReportFlags {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Flags of commands that encrypt or decrypt: how they may use the machine. */
export interface MachineFlags {
  readonly workers?: number;
  readonly memory?: number;
}

export function addReportFlags(command: Command): Command {
  return command
    .optionsGroup('Reporting:')
    .option('-q, --quiet', 'say nothing but errors (and what was asked for)')
    .option('--json', 'report as JSON, one object a line: results, progress and errors');
}

export function addMachineFlags(command: Command): Command {
  return command
    .optionsGroup('Machine:')
    .addOption(
      new Option(
        '--workers <n>',
        'threads that encrypt or decrypt; 0: none beside the main one (default: one a core, 8 at most)',
      ).argParser(flagValue(parseCount)),
    )
    .addOption(
      new Option('--memory <size>', 'memory for data on its way, from 4MiB (default: 256MiB)').argParser(
        flagValue(parseSize),
      ),
    );
}

/** As the pipelines take them. */
export function machineOptions(flags: MachineFlags): { workers: number | undefined; memoryBytes: number | undefined } {
  return { workers: flags.workers, memoryBytes: flags.memory };
}
