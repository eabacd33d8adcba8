import { Command } from 'commander';
import type { CliContext } from './cli-context.ts';
import { putDryRun } from './put-dry-run.ts';
import { putFile } from './put-file.ts';
import { putTree } from './put-tree.ts';
import { addMachineFlags, addReportFlags, type MachineFlags, type ReportFlags } from './run-flags.ts';
import { addLimitFlags, addStoreFlags, type LimitFlags, type StoreFlags } from './store-flags.ts';
import { addUploadFlags, refuseStrayTakingFlags, type UploadFlags } from './upload-flags.ts';
import { UsageError } from './usage-error.ts';
import { addWriteFlags, type WriteFlags } from './write-flags.ts';

export interface PutFlags extends WriteFlags, UploadFlags, StoreFlags, LimitFlags, MachineFlags, ReportFlags {
  readonly recursive?: boolean;
  readonly skipExisting?: boolean;
  readonly dryRun?: boolean;
}

const examples = `
Examples:
  sealpart put --key-file my.key photos.tar dir:/srv/store//backup/2026/photos.tar
  sealpart put --key-file my.key photos.tar s3://backup/photos.tar --endpoint-url https://s3.example.org
  pg_dump shop | sealpart put --key-file my.key - s3://backup/shop.sql
  sealpart put --key-file my.key -r photos s3://backup/2026/

One segment is one part of the upload; the object appears when all of it is stored, or not at all, and takes the place
of one of the same name. It is bound to its name: get refuses it under any other. A store in a folder, and a bucket in
it, is made if it is not there; on S3 the bucket has to be there.
An upload that stops, however that is, goes on where it was when the same command runs again, also from another folder:
a file that was changed since is refused with exit code 6. \`sealpart uploads\` lists what is unfinished. What comes from
standard input cannot be read again, and begins anew.
With -r every file below FOLDER becomes an object. Symbolic links are not followed, empty folders are not kept, and what
cannot be a key is refused by name, while the rest goes on. The exit code is that of the worst failure. The same command
puts all files again; with --skip-existing it leaves out those whose objects are there, whatever is in them.`;

export function putCommand(context: CliContext): Command {
  const command = new Command('put')
    .summary('encrypt a file, a pipe or a tree into a store')
    .description('Encrypts a file or a pipe into an object of a store, or a folder into many.')
    .argument('<file>', 'the file to encrypt; -: standard input; with -r the folder')
    .argument('<url>', 'where to: dir:PATH//bucket/key or s3://bucket/key; PATH is a folder and ends at the first //')
    .option('-r, --recursive', 'all files below the folder; the URL ends with a slash, and their keys begin with its')
    .option('--skip-existing', 'with -r: leave out files whose objects are there already')
    .option('-n, --dry-run', 'say what would be done, and send nothing');
  addLimitFlags(addStoreFlags(addUploadFlags(addWriteFlags(command))));
  return addReportFlags(addMachineFlags(command))
    .addHelpText('after', examples)
    .action((file: string, url: string, flags: PutFlags) => put(file, url, flags, context));
}

async function put(file: string, url: string, flags: PutFlags, context: CliContext): Promise<void> {
  refuseStrayTakingFlags(flags);
  if (flags.recursive === true) return putTree(file, url, flags, context);
  if (flags.skipExisting === true) throw new UsageError('--skip-existing is for trees: it needs -r.');
  if (flags.dryRun === true) return putDryRun(file, url, flags, context);
  return putFile(file, url, flags, context);
}
