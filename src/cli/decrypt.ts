import { Command, Option } from 'commander';
import type { ObjectName } from '../objects/object-store.ts';
import { decryptRange } from '../pipelines/decrypt-range.ts';
import { decryptStream } from '../pipelines/decrypt-stream.ts';
import type { CliContext } from './cli-context.ts';
import { inputText, outputText } from './command-text.ts';
import { isStandard, openEncryptedInput, openSpooled, withInput } from './open-input.ts';
import { openOutput } from './open-output.ts';
import { parseObjectName } from './parse-store-url.ts';
import { flagValue } from './parse-values.ts';
import { addRangeFlag, addReadFlags, type RangeFlags, type ReadFlags } from './read-flags.ts';
import { announce, prepareReading, rangeResult, wholeResult } from './reading.ts';
import { Report } from './report.ts';
import { addMachineFlags, addReportFlags, type MachineFlags, type ReportFlags } from './run-flags.ts';

interface DecryptFlags extends ReadFlags, RangeFlags, MachineFlags, ReportFlags {
  readonly output?: string;
  readonly objectName?: ObjectName;
}

const examples = `
Examples:
  sealpart decrypt --key-file my.key photos.tar.sealpart -o photos.tar
  sealpart decrypt --identity me.key < photos.tar.sealpart | tar x
  sealpart decrypt --key-file my.key --range 0-1023 photos.tar.sealpart

Into a file: OUT appears (or is replaced) only when all of it was verified.
Into a pipe: content flows on as it is verified, before the end of the stream was seen. If sealpart then fails, what
came through is the beginning of a stream that your keys open, no more: with --expect-digest, which can be compared only
at the end, perhaps of another stream than the one you want. Believe none of it before exit code 0.`;

export function decryptCommand(context: CliContext): Command {
  const command = new Command('decrypt')
    .summary('decrypt a file or a pipe')
    .description('Decrypts an encrypted stream, or a range of its content, and refuses whatever was touched.')
    .argument('[in]', 'the encrypted file; - or nothing: standard input')
    .option('-o, --output <out>', 'the file to write; - or nothing: standard output');
  addRangeFlag(addReadFlags(command)).addOption(
    new Option('--object-name <bucket/key>', 'only a stream that is bound to this name').argParser(
      flagValue(parseObjectName),
    ),
  );
  return addReportFlags(addMachineFlags(command))
    .addHelpText('after', examples)
    .action((input: string | undefined, flags: DecryptFlags) => decrypt(input, flags, context));
}

async function decrypt(path: string | undefined, flags: DecryptFlags, context: CliContext): Promise<void> {
  const report = new Report('decrypt', flags, context, isStandard(flags.output));
  const reading = await prepareReading(flags, flags.objectName, context);
  const { range, output } = flags;
  const subject = { input: inputText(path), output: outputText(output) };
  const start = { subject, text: `${subject.input} to ${subject.output}` };
  const { signal } = context;
  const result = await report.until(async () => {
    if (range !== undefined) {
      return withInput(await openSpooled(path, context), async (input) => {
        const sink = await openOutput(output, {}, report, context);
        const request = { ...reading, ...announce(report, start, reading, () => input.size), input, sink, range };
        return rangeResult(await decryptRange(request, signal), report.elapsedSeconds);
      });
    }
    return withInput(await openEncryptedInput(path, context), async (input) => {
      const sink = await openOutput(output, {}, report, context);
      const request = { ...reading, ...announce(report, start, reading, () => input.size), input, sink };
      return wholeResult('decrypted', await decryptStream(request, signal), report.elapsedSeconds);
    });
  });
  const { lines, facts } = result;
  await report.result({ lines, facts: { ...subject, ...facts } });
}
