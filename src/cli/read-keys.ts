import type { KeyObject } from 'node:crypto';
import { SealpartError } from '../errors.ts';
import type { Identity } from '../keys/identity.ts';
import { keyFileIdentity, keyFileRecipient } from '../keys/key-file.ts';
import {
  parseIdentityFile,
  parseKeyFile,
  parseOriginKeyFile,
  parsePassphraseFile,
  parsePublicKey,
} from '../keys/key-text.ts';
import type { ReaderKeys } from '../keys/open-header.ts';
import { passphraseIdentity, passphraseRecipient } from '../keys/passphrase.ts';
import type { Recipient } from '../keys/recipient.ts';
import { x25519Identity, x25519Recipient } from '../keys/x25519.ts';
import { x25519PublicBytes } from '../keys/x25519-keys.ts';
import { openFileSource } from '../sources/file-source.ts';
import type { CliContext } from './cli-context.ts';
import type { KeyFlags, ReaderKeyFlags, WriterKeyFlags } from './key-flags.ts';
import { UsageError } from './usage-error.ts';

/** One byte more than any key file may have: enough to see that a file is none. */
const readLimitBytes = 65_537;
const passphraseVariable = 'SEALPART_PASSPHRASE';

/** What the keys of a writer are good for. */
export interface WriterKeys {
  /** Whom to encrypt for. */
  readonly recipients: readonly Recipient[];
  /** Those that only an owner of the secret can seal for, and that open again what this writer has begun. */
  readonly identities: readonly Identity[];
}

/**
 * Whom to encrypt for. Each file is read once: it may be a pipe.
 *
 * @throws UsageError if no key was given; SealpartError `bad-key` for one that cannot be read
 */
export async function readWriterKeys(flags: WriterKeyFlags, context: CliContext): Promise<WriterKeys> {
  const recipients: Recipient[] = [];
  const identities: Identity[] = [];
  for (const path of flags.keyFile ?? []) {
    const key = await readKey(path, parseKeyFile, context);
    recipients.push(keyFileRecipient(key));
    identities.push(keyFileIdentity(key));
  }
  for (const passphrase of await readPassphrases(flags, context)) {
    recipients.push(passphraseRecipient(passphrase));
    identities.push(passphraseIdentity(passphrase));
  }
  for (const text of flags.recipient ?? []) recipients.push(x25519Recipient(parsePublicKey(text, '--recipient')));
  for (const path of flags.identity ?? []) {
    recipients.push(x25519Recipient(x25519PublicBytes(await readKey(path, parseIdentityFile, context))));
  }
  if (recipients.length > 0) return { recipients, identities };
  throw new UsageError(
    'There is no key to encrypt with. Make one with `sealpart keygen -o FILE` and give it as --key-file FILE; or give ' +
      `--recipient, --identity, --passphrase-file or ${passphraseVariable}.`,
  );
}

/**
 * What to open a stream with, and what to ask of it.
 *
 * @throws UsageError if no key was given; SealpartError `bad-key` for one that cannot be read
 */
export async function readReaderKeys(flags: ReaderKeyFlags, context: CliContext): Promise<ReaderKeys> {
  const identities = await readIdentities(flags, context);
  if (identities.length === 0) {
    throw new UsageError(
      'There is no key to decrypt with. Give the one that the stream was encrypted for: --key-file, --identity, ' +
        `--passphrase-file or ${passphraseVariable}; \`sealpart inspect\` says which. New ones are made by ` +
        '`sealpart keygen -o FILE`.',
    );
  }
  const originKey = await readOriginKey(flags, context);
  return {
    identities,
    allowPublicKeyRecipients: flags.allowPublicKey === true,
    ...(originKey === undefined ? {} : { originKey }),
  };
}

/** The keys that open streams; there may be none. @throws SealpartError `bad-key` for one that cannot be read */
export async function readIdentities(flags: KeyFlags, context: CliContext): Promise<Identity[]> {
  const identities: Identity[] = [];
  for (const path of flags.keyFile ?? []) identities.push(keyFileIdentity(await readKey(path, parseKeyFile, context)));
  for (const passphrase of await readPassphrases(flags, context)) identities.push(passphraseIdentity(passphrase));
  for (const path of flags.identity ?? []) {
    identities.push(x25519Identity(await readKey(path, parseIdentityFile, context)));
  }
  return identities;
}

export async function readOriginKey(flags: KeyFlags, context: CliContext): Promise<KeyObject | undefined> {
  return flags.originKey === undefined ? undefined : readKey(flags.originKey, parseOriginKeyFile, context);
}

/** The environment counts only where no flag names a key: what is there may be left over from another command. */
async function readPassphrases(flags: WriterKeyFlags, context: CliContext): Promise<string[]> {
  const { keyFile = [], passphraseFile = [], identity = [], recipient = [] } = flags;
  if ([keyFile, passphraseFile, identity, recipient].some(({ length }) => length > 0)) {
    return Promise.all(passphraseFile.map((path) => readKey(path, parsePassphraseFile, context)));
  }
  const inherited = context.env[passphraseVariable];
  if (inherited === undefined) return [];
  if (inherited === '') {
    throw new UsageError(`${passphraseVariable} is set and empty. Set it to a passphrase, or unset it.`);
  }
  return [inherited];
}

/** Reads a small secret file and wipes what was read. */
async function readKey<T>(
  path: string,
  parse: (bytes: Uint8Array, fileName: string) => T,
  { signal }: CliContext,
): Promise<T> {
  const bytes = new Uint8Array(readLimitBytes);
  try {
    const source = await openFileSource(path, signal);
    try {
      return parse(bytes.subarray(0, await source.read(bytes, signal)), path);
    } finally {
      await source.close();
    }
  } catch (error) {
    if (!(error instanceof SealpartError) || error.code === 'aborted' || error.code === 'bad-key') throw error;
    throw new SealpartError('bad-key', `A key cannot be read: ${error.message}`, { cause: error });
  } finally {
    bytes.fill(0);
  }
}
