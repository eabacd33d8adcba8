import { Command } from 'commander';
import { getObject, getObjectRange } from '../pipelines/get-object.ts';
import type { CliContext } from './cli-context.ts';
import { outputText } from './command-text.ts';
import { getTree } from './get-tree.ts';
import { isStandard } from './open-input.ts';
import { openOutput, withSink } from './open-output.ts';
import { parseObjectUrl, urlShapes } from './parse-store-url.ts';
import { addRangeFlag, addReadFlags, type RangeFlags, type ReadFlags } from './read-flags.ts';
import { announceObject, prepareReading, rangeResult, wholeResult } from './reading.ts';
import { Report } from './report.ts';
import { addMachineFlags, addReportFlags, type MachineFlags, type ReportFlags } from './run-flags.ts';
import { addStoreFlags, type StoreFlags } from './store-flags.ts';
import { UsageError } from './usage-error.ts';
import { objectUrlText, placeText, withStore } from './with-store.ts';

/** Flags of commands that ask for an object by its name. */
export interface AnyNameFlag {
  readonly anyName?: boolean;
}

export interface GetFlags extends ReadFlags, RangeFlags, AnyNameFlag, StoreFlags, MachineFlags, ReportFlags {
  readonly recursive?: boolean;
  /** True with --overwrite, false with --no-overwrite. */
  readonly overwrite?: boolean;
  readonly skipExisting?: boolean;
}

const examples = `
Examples:
  sealpart get --key-file my.key dir:/srv/store//backup/photos.tar photos.tar
  sealpart get --key-file my.key s3://backup/photos.tar | tar x
  sealpart get --key-file my.key --range -1024 dir:/srv/store//backup/photos.tar
  sealpart get --key-file my.key -r s3://backup/2026/ photos

FILE appears (or is replaced) only when all of it was verified. Into a pipe content flows on as it is
verified, before the end of the stream was seen. If sealpart then fails, what came through is the beginning of a stream
that your keys open, no more: with --expect-digest, which can be compared only at the end, perhaps of another stream
than the one you want. Believe none of it before exit code 0.
With -r every object whose key begins so becomes a file below FOLDER. A key that can be no path there (with "..", "//",
a slash at an end), or that stands in another one's way, is refused by name and the rest goes on. Files that are there
already are replaced only with --overwrite. The exit code is that of the worst failure.`;

export function addAnyNameFlag(command: Command): Command {
  return command.option('--any-name', 'also an object that is bound to another name, or to none');
}

export function getCommand(context: CliContext): Command {
  const command = new Command('get')
    .summary('decrypt an object of a store, or a tree of them')
    .description('Decrypts an object of a store, or a range of its content, and refuses whatever was touched or moved.')
    .argument('<url>', `the object: ${urlShapes}; PATH is the folder of the store and ends at the first //`)
    .argument('[file]', 'the file to write; - or nothing: standard output; with -r the folder')
    .option('-r, --recursive', 'all objects whose keys begin with that of the URL, which ends with a slash')
    .option('--skip-existing', 'with -r: leave out files that are there already, whatever is in them')
    .option('--overwrite', 'replace files that are there (default, but not with -r)')
    .option('--no-overwrite', 'fail where a file is there already (default with -r)');
  addAnyNameFlag(addRangeFlag(addReadFlags(command)));
  return addReportFlags(addMachineFlags(addStoreFlags(command)))
    .addHelpText('after', examples)
    .action((url: string, file: string | undefined, flags: GetFlags) =>
      flags.recursive === true ? getTree(url, file, flags, context) : get(url, file, flags, context),
    );
}

async function get(url: string, file: string | undefined, flags: GetFlags, context: CliContext): Promise<void> {
  if (flags.skipExisting === true) throw new UsageError('--skip-existing is for trees: it needs -r.');
  const report = new Report('get', flags, context, isStandard(file));
  const location = parseObjectUrl(url);
  const object = { bucket: location.bucket, key: location.key };
  const reading = await prepareReading(flags, flags.anyName === true ? undefined : object, context);
  const { range } = flags;
  const { signal } = context;
  const output = outputText(file);
  const result = await report.until(async () =>
    withSink(await openOutput(file, { overwrite: flags.overwrite !== false }, report, context), (sink) =>
      withStore(location, { flags }, context, async (store) => {
        const subject = { store: store.name, input: objectUrlText(store, location), output };
        const start = { subject, text: `${placeText(store, location)} to ${output}` };
        report.expect(start);
        const request = { ...reading, ...announceObject(report, start, reading), store, object, sink };
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
