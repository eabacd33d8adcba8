import { type Command, Option } from 'commander';
import type { RangeRequest } from '../pipelines/content-range.ts';
import type { ReadOptions } from '../pipelines/decrypt-stream.ts';
import { addReaderKeyFlags, type ReaderKeyFlags } from './key-flags.ts';
import { parseRange } from './parse-range.ts';
import { flagValue, parseDigest } from './parse-values.ts';

/** Flags of commands that open a stream. */
export interface ReadFlags extends ReaderKeyFlags {
  readonly expectDigest?: Uint8Array;
  readonly acceptTagDigest?: boolean;
}

export interface RangeFlags {
  readonly range?: RangeRequest;
}

export function addReadFlags(command: Command): Command {
  return addReaderKeyFlags(command)
    .optionsGroup('What is wanted:')
    .addOption(
      new Option('--expect-digest <hex>', 'only the stream of this digest, which encrypt and put print').argParser(
        flagValue(parseDigest),
      ),
    )
    .option('--accept-tag-digest', 'let --expect-digest pin streams of digest sha256-tags: not against key holders');
}

export function addRangeFlag(command: Command): Command {
  return command.addOption(
    new Option('--range <a-b>', 'only these bytes of content, from 0, both included; also A- and -N').argParser(
      flagValue(parseRange),
    ),
  );
}

/** As the pipelines take them. */
export function readOptions(flags: ReadFlags): Pick<ReadOptions, 'expectDigest' | 'acceptTagDigest'> {
  return { expectDigest: flags.expectDigest, acceptTagDigest: flags.acceptTagDigest === true };
}
