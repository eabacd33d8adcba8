import { type Command, Option } from 'commander';
import { collect } from './parse-values.ts';

/** Keys that both writers and readers take. Files are read by read-keys.ts. */
export interface KeyFlags {
  readonly keyFile?: readonly string[];
  readonly passphraseFile?: readonly string[];
  readonly identity?: readonly string[];
  readonly originKey?: string;
}

export interface WriterKeyFlags extends KeyFlags {
  readonly recipient?: readonly string[];
}

export interface ReaderKeyFlags extends KeyFlags {
  readonly allowPublicKey?: boolean;
}

const keyFile = ['--key-file <file>', 'a key file, as sealpart keygen makes it; may be repeated'] as const;
const passphraseFile = [
  '--passphrase-file <file>',
  'a file that holds a passphrase (SEALPART_PASSPHRASE is one too, if no flag gives a key)',
] as const;

export function addWriterKeyFlags(command: Command): Command {
  return command
    .optionsGroup('Keys (any one of them opens the stream again; at least one is needed):')
    .option(...keyFile, collect)
    .option(...passphraseFile, collect)
    .option('--recipient <key>', 'a public key, sealpart1…; may be repeated', collect)
    .option('--identity <file>', 'the public key of an identity file; may be repeated', collect)
    .addOption(new Option('--origin-key <file>', 'also prove that the stream comes from an owner of this key'));
}

/** Keys that open an upload's own header again: to public keys anyone can seal, so identities prove nothing. */
export function addResumeKeyFlags(command: Command): Command {
  return command
    .optionsGroup('Keys (one that the upload was begun with):')
    .option(...keyFile, collect)
    .option(...passphraseFile, collect);
}

export function addReaderKeyFlags(command: Command): Command {
  return command
    .optionsGroup('Keys (one that the stream was encrypted for is enough):')
    .option(...keyFile, collect)
    .option(...passphraseFile, collect)
    .option('--identity <file>', 'an identity file, as sealpart keygen --x25519 makes it; may be repeated', collect)
    .option('--allow-public-key', 'use identities also beside a key file or a passphrase; anyone can encrypt for them')
    .option('--origin-key <file>', 'refuse what does not come from an owner of this key');
}
