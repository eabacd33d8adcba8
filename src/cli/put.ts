import { Command } from 'commander';
import { checkBucketName, encodeKey } from '../objects/directory/names.ts';
import type { MemoryPlan } from '../pipelines/memory-plan.ts';
import { putObject } from '../pipelines/put-object.ts';
import { Telemetry } from '../pipelines/telemetry.ts';
import type { CliContext } from './cli-context.ts';
import { inputText } from './command-text.ts';
import { openInput, withInput } from './open-input.ts';
import { parseObjectUrl } from './parse-store-url.ts';
import { Report } from './report.ts';
import { addMachineFlags, addReportFlags, type MachineFlags, machineOptions, type ReportFlags } from './run-flags.ts';
import { objectUrlText, withStore } from './with-store.ts';
import { addWriteFlags, readWriteOptions, type WriteFlags } from './write-flags.ts';
import { encryptedSoFar, writtenResult } from './writing.ts';

interface PutFlags extends WriteFlags, MachineFlags, ReportFlags {}

const examples = `
Examples:
  sealpart put --key-file my.key photos.tar dir:/srv/store//backup/2026/photos.tar
  pg_dump shop | sealpart put --key-file my.key - dir:/srv/store//backup/shop.sql

The store and the bucket are made if they are not there. One segment is one part of the upload; the object appears
when all of it is stored, or not at all, and takes the place of one of the same name. It is bound to its name: get
refuses it under any other.`;

export function putCommand(context: CliContext): Command {
  const command = new Command('put')
    .summary('encrypt a file into a store')
    .description('Encrypts a file or a pipe into an object of a store.')
    .argument('<file>', 'the file to encrypt; -: standard input')
    .argument('<url>', 'where to: dir:PATH//bucket/key; PATH is the folder of the store and ends at the first //');
  return addReportFlags(addMachineFlags(addWriteFlags(command)))
    .addHelpText('after', examples)
    .action((file: string, url: string, flags: PutFlags) => put(file, url, flags, context));
}

async function put(file: string, url: string, flags: PutFlags, context: CliContext): Promise<void> {
  const report = new Report('put', flags, context);
  const location = parseObjectUrl(url);
  const object = { bucket: location.bucket, key: location.key };
  // Asked before a store is made for an object that it could not hold.
  checkBucketName(object.bucket);
  encodeKey(object.key);
  const options = await readWriteOptions(flags, context);
  const telemetry = new Telemetry();
  const { signal } = context;
  const input = inputText(file);
  const result = await report.until(async () =>
    // Before the store: a file that is not there makes no store.
    withInput(await openInput(file, context), (source) =>
      withStore(location, true, signal, async (store) => {
        const subject = { input, store: store.name, output: objectUrlText(store, location) };
        const progress = { totalBytes: source.size, read: () => encryptedSoFar(telemetry) };
        const text = `${input} to ${subject.output}`;
        const onPlan = ({ peakBytes }: MemoryPlan): void => report.start({ subject, text, peakBytes, progress });
        const request = { ...options, ...machineOptions(flags), source, store, object, telemetry, onPlan };
        const done = await putObject(request, signal);
        const { lines, facts } = writtenResult(done, report.elapsedSeconds);
        return { lines, facts: { ...subject, ...facts, etag: done.etag } };
      }),
    ),
  );
  await report.result(result);
}
