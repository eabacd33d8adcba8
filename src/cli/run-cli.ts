import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import type { CliContext, CliStreams, Environment } from './cli-context.ts';
import { decryptCommand } from './decrypt.ts';
import { encryptCommand } from './encrypt.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { exportCommand } from './export.ts';
import { gatewayCommand } from './gateway.ts';
import { getCommand } from './get.ts';
import { inspectCommand } from './inspect.ts';
import { keygenCommand } from './keygen.ts';
import { lsCommand } from './ls.ts';
import { putCommand } from './put.ts';
import { reindexCommand } from './reindex.ts';
import { reportError } from './report-error.ts';
import { rmCommand } from './rm.ts';
import { withText } from './text-sink.ts';
import { uploadsCommand } from './uploads.ts';
import { UsageError } from './usage-error.ts';
import { verifyCommand } from './verify.ts';

const examples = `
Begin:
  sealpart keygen -o my.key
  sealpart encrypt --key-file my.key photos.tar -o photos.tar.sealpart
  sealpart decrypt --key-file my.key photos.tar.sealpart -o photos.tar

  sealpart put --key-file my.key photos.tar dir:/srv/store//backup/photos.tar
  sealpart get --key-file my.key dir:/srv/store//backup/photos.tar photos.tar
  sealpart put --key-file my.key photos.tar s3://backup/photos.tar --endpoint-url https://s3.example.org

Objects:  dir:PATH//bucket/key in a folder, or s3://bucket/key. PATH ends at the first //; the key is everything behind
          the bucket's slash, as it is. Credentials, region and endpoint of S3 are found as every AWS tool finds them.
Uploads:  put that was stopped, however that was, goes on where it was when the same command runs again.
Exit:     0 done, 1 another failure (files, memory, the manifest), 2 wrong usage, 3 the data was refused, 4 no key
          opens it, 5 the store, the network or a key service failed, denied, or refused a condition, 6 the source was
          changed, 7 another process owns the upload, 129, 130 and 143 stopped by a signal. A command that fails leaves
          no output file.
Reports:  on standard error, with --json as JSON. \`sealpart COMMAND --help\` has each command's own flags.`;

const commands = [
  keygenCommand,
  encryptCommand,
  decryptCommand,
  putCommand,
  getCommand,
  lsCommand,
  rmCommand,
  exportCommand,
  inspectCommand,
  verifyCommand,
  uploadsCommand,
  reindexCommand,
  gatewayCommand,
];

/**
 * Runs one command line to its end, however that is, and says so on the streams.
 *
 * @param argv the arguments behind the program's name
 * @param signal fires when the user wants the command to stop
 * @returns the exit code
 */
export async function runCli(
  argv: readonly string[],
  env: Environment,
  streams: CliStreams,
  signal: AbortSignal = new AbortController().signal,
): Promise<number> {
  const context: CliContext = { argv, env, streams, signal };
  const output: string[] = [];
  const program = programOf(context, (text) => output.push(text));
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCodes.done;
  } catch (error) {
    try {
      if (!(error instanceof CommanderError)) throw error;
      if (error.exitCode !== 0) throw new UsageError(usageMessage(error, program, argv));
      await withText(streams.openStandardOutput(), signal, (text) => text.line(output.join('').trimEnd()));
      return exitCodes.done;
    } catch (failure) {
      reportError(failure, streams.errors, wantsJson(argv));
      return exitCodeOf(failure, signal);
    }
  }
}

function programOf(context: CliContext, writeOut: (text: string) => void): Command {
  const program = new Command('sealpart')
    .description(
      'Encrypts files and objects of stores, verifies every byte on the way back, and refuses what was touched.',
    )
    .version(versionText(), '-V, --version', 'show the version')
    .helpCommand('help [command]', 'show the help of a command')
    .addHelpText('after', examples)
    .exitOverride()
    // Errors are told in one place, for people or as JSON; what commander would say of them is dropped here.
    .configureOutput({ writeOut, writeErr: () => undefined, getOutHelpWidth: () => 120 });
  for (const make of commands) program.addCommand(inherit(make(context), program));
  return program;
}

/** What was set for the program counts for its commands, and for theirs. */
function inherit(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent);
  for (const inner of command.commands) inherit(inner, command);
  return command;
}

function versionText(): string {
  const file = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(file) as { version: string }).version;
}

/** What commander found wrong, in one line, and where to read on. */
function usageMessage({ code, message }: CommanderError, program: Command, argv: readonly string[]): string {
  if (code === 'commander.help') return 'There is no such command, or none was given. See `sealpart --help`.';
  const sentence = message
    .replace(/^error: /, '')
    .replaceAll('\n', ' ')
    .replace(/\.$/, '');
  const command = program.commands.find((candidate) => candidate.name() === argv[0]);
  const help = command === undefined ? 'sealpart --help' : `sealpart ${command.name()} --help`;
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}. See \`${help}\`.`;
}

/** Asked of the arguments themselves, because those of a wrong command line were not parsed. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end < 0 ? argv : argv.slice(0, end)).includes('--json');
}
