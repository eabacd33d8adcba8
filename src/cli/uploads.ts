import { Command, Option } from 'commander';
import type { CliContext } from './cli-context.ts';
import { addResumeKeyFlags } from './key-flags.ts';
import { parseDuration } from './parse-duration.ts';
import { flagValue } from './parse-values.ts';
import { addMachineFlags, addReportFlags } from './run-flags.ts';
import { addStoreFlags } from './store-flags.ts';
import { addManifestFlag, addTakingFlags } from './upload-flags.ts';
import { type AbortFlags, abort } from './uploads-abort.ts';
import { type LsUploadsFlags, listUploads } from './uploads-ls.ts';
import { type ResumeFlags, resume } from './uploads-resume.ts';
import { type SweepFlags, sweep } from './uploads-sweep.ts';

const examples = `
Examples:
  sealpart uploads ls --json
  sealpart uploads resume --key-file my.key 3fa9
  sealpart uploads abort 3fa9
  sealpart uploads sweep --older-than 7d --dry-run

An ID may be as short as it is clear. What is listed is what this user's manifest knows of: --manifest names another.`;

/** A command below `uploads`. */
function inner(name: string, summary: string, description: string, example: string): Command {
  return new Command(name).summary(summary).description(description).addHelpText('after', `\nExample:\n  ${example}`);
}

const idText = 'the upload, as uploads ls shows it; the beginning is enough where it is clear';

export function uploadsCommand(context: CliContext): Command {
  return new Command('uploads')
    .summary('list, resume and abort unfinished uploads')
    .description('Lists the uploads that did not come to their end, goes on with them, or aborts them.')
    .addHelpText('after', examples)
    .addCommand(lsCommand(context), { isDefault: true })
    .addCommand(resumeCommand(context))
    .addCommand(abortCommand(context))
    .addCommand(sweepCommand(context));
}

function lsCommand(context: CliContext): Command {
  const text =
    'Lists the uploads that did not come to their end: how far they are, and whether a process is at work on them.';
  const command = inner('ls', 'list them (what `uploads` alone does)', text, 'sealpart uploads ls --json').option(
    '-a, --all',
    'also those that have ended and were not forgotten yet',
  );
  return addReportFlags(addManifestFlag(command)).action((flags: LsUploadsFlags) => listUploads(flags, context));
}

function resumeCommand(context: CliContext): Command {
  const text =
    'Goes on with an upload: opens its file where it was, and sends what is missing. A file that was changed since is ' +
    'refused. It needs a key that opens what was begun, unless this host keeps one (uploads for public keys).';
  const command = inner('resume', 'go on with one', text, 'sealpart uploads resume --key-file my.key 3fa9').argument(
    '<id>',
    idText,
  );
  addTakingFlags(addResumeKeyFlags(command)).option('--no-overwrite', 'fail if an object stands there by then');
  return addReportFlags(addMachineFlags(addStoreFlags(command))).action((id: string, flags: ResumeFlags) =>
    resume(id, flags, context),
  );
}

function abortCommand(context: CliContext): Command {
  const text = 'Aborts an upload: its parts are removed from the store. There is no way back.';
  const command = inner('abort', 'remove one from its store', text, 'sealpart uploads abort 3fa9').argument(
    '<id>',
    idText,
  );
  addManifestFlag(command).option('--take-over', 'also if its owner may be alive, who then stops');
  return addReportFlags(addStoreFlags(command)).action((id: string, flags: AbortFlags) => abort(id, flags, context));
}

function sweepCommand(context: CliContext): Command {
  const text =
    'Aborts uploads that nobody came back for. One whose owner may be alive is left alone, however old it is.';
  const command = inner('sweep', 'remove old ones', text, 'sealpart uploads sweep --older-than 7d --dry-run')
    .addOption(
      new Option('--older-than <time>', 'only those of which nothing was sent for so long: 90s, 12h, 7d')
        .argParser(flagValue(parseDuration))
        .default(7 * 86_400_000, '7d'),
    )
    .option('-n, --dry-run', 'say what would be removed, and remove nothing');
  return addReportFlags(addStoreFlags(addManifestFlag(command))).action((flags: SweepFlags) => sweep(flags, context));
}
