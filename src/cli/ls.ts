import { Command } from 'commander';
import type { ListedObject } from '../objects/object-store.ts';
import type { CliContext } from './cli-context.ts';
import { listObjects } from './list-objects.ts';
import { jsonLine, listedName } from './one-line.ts';
import { parseStoreUrl } from './parse-store-url.ts';
import { Report } from './report.ts';
import { addReportFlags, type ReportFlags } from './run-flags.ts';
import { addStoreFlags, type StoreFlags } from './store-flags.ts';
import { withText } from './text-sink.ts';
import { placeText, withStore } from './with-store.ts';

interface LsFlags extends StoreFlags, ReportFlags {
  readonly long?: boolean;
}

const examples = `
Examples:
  sealpart ls dir:/srv/store//backup
  sealpart ls --long dir:/srv/store//backup/2026/
  sealpart ls s3://backup --endpoint-url https://s3.example.org

Keys are listed in the order of their bytes; one that would break its line is shown in quotes, with escapes. With
--json there is one object a line.`;

export function lsCommand(context: CliContext): Command {
  const command = new Command('ls')
    .summary('list the objects of a bucket')
    .description('Lists the objects of a bucket, or those whose keys begin with a prefix.')
    .argument('<url>', 'the bucket, or the beginning of keys: dir:PATH//bucket/prefix or s3://bucket/prefix')
    .option('-l, --long', 'with sizes (those of the encrypted objects) and times');
  return addReportFlags(addStoreFlags(command))
    .addHelpText('after', examples)
    .action((url: string, flags: LsFlags) => list(url, flags, context));
}

async function list(url: string, flags: LsFlags, context: CliContext): Promise<void> {
  const report = new Report('ls', flags, context);
  const location = parseStoreUrl(url);
  const { signal, streams } = context;
  await withStore(location, { flags }, context, async (store) => {
    const subject = { store: store.name, bucket: location.bucket, prefix: location.key };
    report.start({ subject, text: placeText(store, location) });
    const row = report.json ? jsonRow : flags.long === true ? longRow : shortRow;
    await withText(streams.openStandardOutput(), signal, async (text) => {
      if (flags.long === true && !report.json) await text.line(longHeader);
      for await (const object of listObjects(store, location, signal)) await text.line(row(object));
    });
  });
}

const longHeader = ' ENCRYPTED BYTES  MODIFIED                  KEY';

function longRow({ key, sizeBytes, lastModifiedMs }: ListedObject): string {
  return `${String(sizeBytes).padStart(16)}  ${new Date(lastModifiedMs).toISOString()}  ${listedName(key)}`;
}

function shortRow({ key }: ListedObject): string {
  return listedName(key);
}

function jsonRow({ key, sizeBytes, lastModifiedMs, etag }: ListedObject): string {
  const lastModified = new Date(lastModifiedMs).toISOString();
  return jsonLine({ key, encryptedBytes: sizeBytes, lastModified, etag });
}
