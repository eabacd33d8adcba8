import { type Command, Option } from 'commander';
import { type FramePreset, framePresets } from '../format/profile.ts';
import { type DigestAlg, digestAlgs, type Suite, suites } from '../format/stream-parameters.ts';
import type { WriteOptions } from '../pipelines/seal-stream.ts';
import type { CliContext } from './cli-context.ts';
import { addWriterKeyFlags, type WriterKeyFlags } from './key-flags.ts';
import { parseSize } from './parse-size.ts';
import { collectContext, flagValue, parseCount } from './parse-values.ts';
import { readOriginKey, readWriterKeys, type WriterKeys } from './read-keys.ts';

type SuiteName = 'aes-256-gcm' | 'chacha20-poly1305';
type DigestName = 'sha256' | 'sha256-fragments' | 'sha256-tags';

const suiteNames: Readonly<Record<SuiteName, Suite>> = {
  'aes-256-gcm': suites.aesGcm,
  'chacha20-poly1305': suites.chacha20Poly1305,
};
const digestNames: Readonly<Record<DigestName, DigestAlg>> = {
  sha256: digestAlgs.sha256,
  'sha256-fragments': digestAlgs.sha256Fragments,
  'sha256-tags': digestAlgs.sha256Tags,
};

/** Flags of commands that make a stream. */
export interface WriteFlags extends WriterKeyFlags {
  readonly context?: ReadonlyMap<string, string>;
  readonly preset?: FramePreset;
  readonly segmentSize?: number;
  readonly frameSize?: number;
  readonly growEvery?: number;
  readonly suite: SuiteName;
  readonly digest: DigestName;
  readonly zstd?: boolean;
}

export function addWriteFlags(command: Command): Command {
  return addWriterKeyFlags(command)
    .optionsGroup('Stream:')
    .option('--context <name=value>', 'text for readers of the header, not secret; may be repeated', collectContext)
    .addOption(new Option('--suite <name>', 'cipher').choices(Object.keys(suiteNames)).default('aes-256-gcm'))
    .addOption(
      new Option('--digest <name>', 'what the digest covers')
        .choices(Object.keys(digestNames))
        .default('sha256-fragments'),
    )
    .option('--zstd', 'compress segments that get smaller by it')
    .addOption(
      new Option(
        '--segment-size <size>',
        'a power of two from 16KiB to 1GiB, in a store from 8MiB (default: 8MiB, more where content needs it)',
      ).argParser(flagValue(parseSize)),
    )
    .addOption(
      new Option(
        '--frame-size <size>',
        'a power of two from 4KiB to 1MiB, at most the segment size (default: by the segment size)',
      ).argParser(flagValue(parseSize)),
    )
    .addOption(
      new Option('--preset <name>', `a frame size by its purpose: ${presetText()}`)
        .choices(Object.keys(framePresets))
        .conflicts('frameSize'),
    )
    .addOption(
      new Option(
        '--grow-every <n>',
        'double the segment size after every n segments; 0: never (default: 1000 for content of unknown length)',
      ).argParser(flagValue(parseCount)),
    );
}

function presetText(): string {
  return Object.entries(framePresets)
    .map(([name, bytes]) => `${name} ${bytes / 1024}KiB`)
    .join(', ');
}

/** What a command that writes was told. */
export interface Writing {
  readonly options: WriteOptions;
  /** Keys that open what is written: an upload needs one to be gone on with. */
  readonly identities: WriterKeys['identities'];
}

/** Reads the keys and says how to write. @throws UsageError, SealpartError `bad-key` */
export async function readWriting(flags: WriteFlags, context: CliContext): Promise<Writing> {
  const { recipients, identities } = await readWriterKeys(flags, context);
  const originKey = await readOriginKey(flags, context);
  const suite: Suite = suiteNames[flags.suite];
  const digestAlg: DigestAlg = digestNames[flags.digest];
  const options = {
    recipients,
    ...(originKey === undefined ? {} : { originKey }),
    ...(flags.context === undefined ? {} : { context: flags.context }),
    suite,
    digestAlg,
    zstd: flags.zstd === true,
    segmentSizeBytes: flags.segmentSize,
    frameSizeBytes: flags.frameSize,
    preset: flags.preset,
    growEvery: flags.growEvery,
  };
  return { options, identities };
}

/** What --suite and --digest call the numbers of a header. */
export function suiteName(suite: Suite): string {
  return nameOf(suiteNames, suite);
}

export function digestName(digestAlg: DigestAlg): string {
  return nameOf(digestNames, digestAlg);
}

function nameOf(names: Readonly<Record<string, number>>, value: number): string {
  return Object.entries(names).find(([, number]) => number === value)?.[0] ?? String(value);
}
