import { Command } from 'commander';
import type { CliContext } from './cli-context.ts';
import { parseObjectUrl, urlShapes } from './parse-store-url.ts';
import { Report } from './report.ts';
import { addReportFlags, type ReportFlags } from './run-flags.ts';
import { addStoreFlags, type StoreFlags } from './store-flags.ts';
import { objectUrlText, placeText, withStore } from './with-store.ts';

interface RmFlags extends StoreFlags, ReportFlags {}

const examples = `
Examples:
  sealpart rm dir:/srv/store//backup/photos.tar
  sealpart rm s3://backup/photos.tar`;

export function rmCommand(context: CliContext): Command {
  const command = new Command('rm')
    .summary('remove an object from a store')
    .description('Removes one object from a store. There is no way back.')
    .argument('<url>', `the object: ${urlShapes}`);
  return addReportFlags(addStoreFlags(command))
    .addHelpText('after', examples)
    .action((url: string, flags: RmFlags) => remove(url, flags, context));
}

async function remove(url: string, flags: RmFlags, context: CliContext): Promise<void> {
  const report = new Report('rm', flags, context);
  const location = parseObjectUrl(url);
  const object = { bucket: location.bucket, key: location.key };
  const { signal } = context;
  const result = await withStore(location, { flags }, context, async (store) => {
    const subject = { store: store.name, object: objectUrlText(store, location) };
    report.start({ subject, text: placeText(store, location) });
    // A store removes what is not there without a word, and whoever mistyped a name would never know.
    const { sizeBytes } = await store.head(object, signal);
    await store.delete(object, signal);
    return { lines: [`removed ${subject.object}`], facts: { ...subject, encryptedBytes: sizeBytes } };
  });
  await report.result(result);
}
