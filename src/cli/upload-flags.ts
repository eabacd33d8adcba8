import { type Command, InvalidArgumentError } from 'commander';
import type { ObjectAttributes, WriteCondition } from '../objects/object-store.ts';
import { type ManifestFlag, manifestOption } from './manifest-flag.ts';
import { UsageError } from './usage-error.ts';

/** Flags of commands that go on with uploads. */
export interface TakingFlags extends ManifestFlag {
  readonly takeOver?: boolean;
  readonly verifySource?: boolean;
}

/** Flags of put: what becomes of an upload that stops, and what the object is to be. */
export interface UploadFlags extends TakingFlags {
  /** False with --no-resume. */
  readonly resume: boolean;
  /** False with --no-overwrite. */
  readonly overwrite: boolean;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly tag?: Readonly<Record<string, string>>;
}

const manifestText =
  'where it is written down what was sent: sqlite:PATH, or none (default: sealpart/manifest.db in $XDG_STATE_HOME ' +
  'or ~/.local/state)';

export function addManifestFlag(command: Command): Command {
  return command.optionsGroup('Uploads:').addOption(manifestOption(manifestText));
}

export function addTakingFlags(command: Command): Command {
  return addManifestFlag(command)
    .option('--take-over', 'go on with an upload although its owner may be alive, who then stops')
    .option('--verify-source', 'read again what was sent already and compare it: do not trust size and time');
}

export function addUploadFlags(command: Command): Command {
  return addTakingFlags(command)
    .option('--no-resume', 'begin anew, and abort what was begun before')
    .optionsGroup('Object:')
    .option('--no-overwrite', 'fail if an object stands there already')
    .option('--metadata <name=value>', 'kept beside the object, NOT ENCRYPTED; may be repeated', collectPairs)
    .option('--tag <name=value>', 'a tag of the object, NOT ENCRYPTED; may be repeated', collectPairs);
}

function collectPairs(
  text: string,
  before: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError(`"${text}" is not an entry: write NAME=VALUE.`);
  const name = text.slice(0, equals);
  if (before !== undefined && Object.hasOwn(before, name)) {
    throw new InvalidArgumentError(`"${name}" was given twice.`);
  }
  return { ...before, [name]: text.slice(equals + 1) };
}

/** As stores take them. */
export function attributesOf({ metadata, tag }: UploadFlags): ObjectAttributes {
  return { ...(metadata === undefined ? {} : { metadata }), ...(tag === undefined ? {} : { tags: tag }) };
}

export function conditionOf({ overwrite }: UploadFlags): WriteCondition {
  return overwrite ? {} : { ifNoneMatch: '*' };
}

/** What needs a manifest makes no sense without one. @throws UsageError */
export function refuseStrayTakingFlags({ manifest, takeOver, verifySource }: TakingFlags): void {
  if (manifest?.kind !== 'none') return;
  const flag = takeOver === true ? '--take-over' : verifySource === true ? '--verify-source' : undefined;
  if (flag !== undefined) throw new UsageError(`${flag} needs a manifest: leave out --manifest none.`);
}
