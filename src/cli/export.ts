import { Command } from 'commander';
import type { ObjectHead } from '../objects/object-store.ts';
import { exportObject } from '../pipelines/export-object.ts';
import { ByteCounter } from './byte-counter.ts';
import type { CliContext } from './cli-context.ts';
import { doneText, outputText, roundedSeconds } from './command-text.ts';
import { isStandard } from './open-input.ts';
import { openOutput, withSink } from './open-output.ts';
import { parseObjectUrl, urlShapes } from './parse-store-url.ts';
import { Report } from './report.ts';
import { addReportFlags, type ReportFlags } from './run-flags.ts';
import { addStoreFlags, type StoreFlags } from './store-flags.ts';
import { objectUrlText, placeText, withStore } from './with-store.ts';

interface ExportFlags extends StoreFlags, ReportFlags {}

const examples = `
Example:
  sealpart export dir:/srv/store//backup/photos.tar photos.tar.sealpart
  sealpart decrypt --key-file my.key photos.tar.sealpart -o photos.tar

Needs no key and verifies nothing: decrypt and verify do. The stream stays bound to its name, which decrypt asks for
with --object-name.`;

export function exportCommand(context: CliContext): Command {
  const command = new Command('export')
    .summary('copy an object out of a store, encrypted as it is')
    .description('Copies an object as it is, encrypted, out of a store into one file for decrypt.')
    .argument('<url>', `the object: ${urlShapes}`)
    .argument('<file>', 'the file to write; -: standard output');
  return addReportFlags(addStoreFlags(command))
    .addHelpText('after', examples)
    .action((url: string, file: string, flags: ExportFlags) => exportTo(url, file, flags, context));
}

async function exportTo(url: string, file: string, flags: ExportFlags, context: CliContext): Promise<void> {
  const report = new Report('export', flags, context, isStandard(file));
  const location = parseObjectUrl(url);
  const object = { bucket: location.bucket, key: location.key };
  const { signal } = context;
  const output = outputText(file);
  const counter = new ByteCounter();
  const result = await report.until(async () =>
    withSink(await openOutput(file, {}, report, context), (sink) =>
      withStore(location, { flags }, context, async (store) => {
        const subject = { store: store.name, input: objectUrlText(store, location), output };
        const start = { subject, text: `${placeText(store, location)} to ${output}` };
        report.expect(start);
        const onHead = ({ sizeBytes }: ObjectHead): void =>
          report.start({ ...start, progress: { totalBytes: sizeBytes, read: () => counter } });
        const copied = await exportObject(store, object, counter.sink(sink), signal, { onHead });
        const seconds = report.elapsedSeconds;
        return {
          lines: [`${doneText('copied', copied, seconds)}, encrypted as they are`],
          facts: { ...subject, encryptedBytes: copied, seconds: roundedSeconds(seconds) },
        };
      }),
    ),
  );
  await report.result(result);
}
