import { Command } from 'commander';
import { getObject, getObjectRange } from '../pipelines/get-object.ts';
import type { CliContext } from './cli-context.ts';
import { outputText } from './command-text.ts';
import { isStandard } from './open-input.ts';
import { openOutput, withSink } from './open-output.ts';
import { parseObjectUrl } from './parse-store-url.ts';
import { addRangeFlag, addReadFlags, type RangeFlags, type ReadFlags } from './read-flags.ts';
import { announce, prepareReading, rangeResult, wholeResult } from './reading.ts';
import { Report } from './report.ts';
import { addMachineFlags, addReportFlags, type MachineFlags, type ReportFlags } from './run-flags.ts';
import { objectUrlText, withStore } from './with-store.ts';

/** Flags of commands that ask for an object by its name. */
export interface AnyNameFlag {
  readonly anyName?: boolean;
}

interface GetFlags extends ReadFlags, RangeFlags, AnyNameFlag, MachineFlags, ReportFlags {}

const examples = `
Examples:
  sealpart get --key-file my.key dir:/srv/store//backup/photos.tar photos.tar
  sealpart get --key-file my.key dir:/srv/store//backup/photos.tar | tar x
  sealpart get --key-file my.key --range -1024 dir:/srv/store//backup/photos.tar

FILE appears (or is replaced) only when all of it was verified. Into a pipe verified content flows on before the end
was seen: if sealpart then fails, what came through is authentic but incomplete; look at the exit code.`;

export function addAnyNameFlag(command: Command): Command {
  return command.option('--any-name', 'also an object that is bound to another name, or to none');
}

export function getCommand(context: CliContext): Command {
  const command = new Command('get')
    .summary('decrypt an object of a store')
    .description('Decrypts an object of a store, or a range of its content, and refuses whatever was touched or moved.')
    .argument('<url>', 'the object: dir:PATH//bucket/key; PATH is the folder of the store and ends at the first //')
    .argument('[file]', 'the file to write; - or nothing: standard output');
  addAnyNameFlag(addRangeFlag(addReadFlags(command)));
  return addReportFlags(addMachineFlags(command))
    .addHelpText('after', examples)
    .action((url: string, file: string | undefined, flags: GetFlags) => get(url, file, flags, context));
}

async function get(url: string, file: string | undefined, flags: GetFlags, context: CliContext): Promise<void> {
  const report = new Report('get', flags, context, isStandard(file));
  const location = parseObjectUrl(url);
  const object = { bucket: location.bucket, key: location.key };
  const reading = await prepareReading(flags, flags.anyName === true ? undefined : object, context);
  const { range } = flags;
  const { signal } = context;
  const output = outputText(file);
  const result = await report.until(async () =>
    withSink(await openOutput(file, context), (sink) =>
      withStore(location, false, signal, async (store) => {
        const subject = { store: store.name, input: objectUrlText(store, location), output };
        const { sizeBytes } = await store.head(object, signal);
        const start = { subject, text: `${subject.input} to ${output}` };
        const request = { ...reading, ...announce(report, start, reading, sizeBytes), store, object, sink };
        const { lines, facts } =
          range === undefined
            ? wholeResult('decrypted', await getObject(request, signal), report.elapsedSeconds)
            : rangeResult(await getObjectRange({ ...request, range }, signal), report.elapsedSeconds);
        return { lines, facts: { ...subject, ...facts } };
      }),
    ),
  );
  await report.result(result);
}
