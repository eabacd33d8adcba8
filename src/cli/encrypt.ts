import { Command, Option } from 'commander';
import type { ObjectName } from '../objects/object-store.ts';
import { encryptStream } from '../pipelines/encrypt-stream.ts';
import type { MemoryPlan } from '../pipelines/memory-plan.ts';
import { Telemetry } from '../pipelines/telemetry.ts';
import type { CliContext } from './cli-context.ts';
import { inputText, outputText } from './command-text.ts';
import { isStandard, openInput, withInput } from './open-input.ts';
import { openOutput } from './open-output.ts';
import { parseObjectName } from './parse-store-url.ts';
import { flagValue } from './parse-values.ts';
import { Report } from './report.ts';
import { addMachineFlags, addReportFlags, type MachineFlags, machineOptions, type ReportFlags } from './run-flags.ts';
import { UsageError } from './usage-error.ts';
import { addWriteFlags, readWriting, type WriteFlags } from './write-flags.ts';
import { encryptedSoFar, writtenResult } from './writing.ts';

interface EncryptFlags extends WriteFlags, MachineFlags, ReportFlags {
  readonly output?: string;
  readonly objectName?: ObjectName;
}

const examples = `
Examples:
  sealpart keygen -o my.key
  sealpart encrypt --key-file my.key photos.tar -o photos.tar.sealpart
  tar c photos | sealpart encrypt --recipient sealpart1… > photos.tar.sealpart

The stream digest that is printed at the end names this very stream: keep it, and decrypt with --expect-digest.
OUT is replaced if it is there, and only when the new one is complete.`;

export function encryptCommand(context: CliContext): Command {
  const command = new Command('encrypt')
    .summary('encrypt a file or a pipe')
    .description('Encrypts a file or a pipe into one encrypted stream.')
    .argument('[in]', 'the file to encrypt; - or nothing: standard input')
    .option('-o, --output <out>', 'the file to write; -: standard output, as without it, but also to a terminal');
  addWriteFlags(command).addOption(
    new Option(
      '--object-name <bucket/key>',
      'bind the stream to this name: readers who ask for another refuse it',
    ).argParser(flagValue(parseObjectName)),
  );
  return addReportFlags(addMachineFlags(command))
    .addHelpText('after', examples)
    .action((input: string | undefined, flags: EncryptFlags) => encrypt(input, flags, context));
}

async function encrypt(input: string | undefined, flags: EncryptFlags, context: CliContext): Promise<void> {
  const report = new Report('encrypt', flags, context, isStandard(flags.output));
  if (flags.output === undefined && context.streams.outputIsTerminal) {
    throw new UsageError('Encrypted bytes would go to the terminal. Give -o FILE, or -o - if you mean it.');
  }
  const { options } = await readWriting(flags, context);
  const subject = { input: inputText(input), output: outputText(flags.output) };
  const telemetry = new Telemetry();
  const done = await report.until(async () =>
    withInput(await openInput(input, context), async (source) => {
      const sink = await openOutput(flags.output, {}, report, context);
      const progress = { totalBytes: source.size, read: () => encryptedSoFar(telemetry) };
      const text = `${subject.input} to ${subject.output}`;
      const onPlan = ({ peakBytes }: MemoryPlan): void => report.start({ subject, text, peakBytes, progress });
      const bound = flags.objectName === undefined ? {} : { objectName: flags.objectName };
      const request = { ...options, ...machineOptions(flags), ...bound, source, sink, telemetry, onPlan };
      return encryptStream(request, context.signal);
    }),
  );
  const { lines, facts } = writtenResult(done, report.elapsedSeconds);
  await report.result({ lines, facts: { ...subject, ...facts } });
}
