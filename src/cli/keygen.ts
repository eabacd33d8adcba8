import type { KeyObject } from 'node:crypto';
import { Command } from 'commander';
import { freshBytes } from '../crypto/fresh-bytes.ts';
import { secretKey } from '../crypto/hkdf.ts';
import { SealpartError } from '../errors.ts';
import { toHex } from '../format/bytes.ts';
import { keyFileId, x25519KeyId } from '../keys/key-id.ts';
import { formatIdentity, formatPublicKey, formatSymmetricKey } from '../keys/key-text.ts';
import { generateX25519Key, x25519PublicBytes } from '../keys/x25519-keys.ts';
import type { CliContext } from './cli-context.ts';
import { outputText } from './command-text.ts';
import { isStandard } from './open-input.ts';
import { openOutput } from './open-output.ts';
import { Report } from './report.ts';
import { addReportFlags, type ReportFlags } from './run-flags.ts';
import { withText } from './text-sink.ts';

interface KeygenFlags extends ReportFlags {
  readonly x25519?: boolean;
  readonly output?: string;
}

const examples = `
Examples:
  sealpart keygen -o my.key               a key that encrypts and decrypts
  sealpart keygen --x25519 -o me.key      an identity: others encrypt for its public key, only me.key decrypts
  sealpart keygen -o origin.key           the same kind of key serves as --origin-key

FILE is readable by its owner only and never replaces one that is there. What is encrypted for a key is lost with it:
keep a copy of FILE somewhere else.`;

export function keygenCommand(context: CliContext): Command {
  const command = new Command('keygen')
    .summary('make a key')
    .description('Makes a key file, or with --x25519 an identity and its public key.')
    .option('--x25519', 'a pair of keys: one to encrypt for, one to decrypt with')
    .option('-o, --output <file>', 'the file to write; - or nothing: standard output');
  return addReportFlags(command)
    .addHelpText('after', examples)
    .action((flags: KeygenFlags) => keygen(flags, context));
}

/** A key that was made, as its file holds it and as it is told of. */
interface MadeKey {
  readonly kind: 'key-file' | 'x25519';
  readonly keyId: string;
  readonly publicKey?: string;
  readonly lines: readonly string[];
}

async function keygen(flags: KeygenFlags, context: CliContext): Promise<void> {
  const report = new Report('keygen', flags, context, isStandard(flags.output));
  const output = outputText(flags.output);
  report.start({ subject: { output }, text: `to ${output}` });
  const key = flags.x25519 === true ? makeIdentity() : makeKeyFile();
  try {
    const sink = await openOutput(flags.output, { overwrite: false, mode: 0o600 }, report, context);
    await withText(sink, context.signal, async (text) => {
      for (const line of key.lines) await text.line(line);
    });
  } catch (error) {
    throw error instanceof SealpartError && error.code === 'exists' ? keptKey(output, error) : error;
  }
  const { kind, keyId, publicKey } = key;
  await report.result({
    lines: [publicKey === undefined ? `key id ${keyId}` : `public key ${publicKey}`],
    facts: { output, kind, keyId, publicKey },
  });
}

function keptKey(output: string, cause: SealpartError): SealpartError {
  const what = `${output} exists, and a key that is replaced is lost with all that was encrypted for it.`;
  return new SealpartError('exists', `${what} Give another name, or move the old key away first.`, { cause });
}

function makeKeyFile(): MadeKey {
  const key: KeyObject = secretKey(freshBytes(32));
  const keyId = toHex(keyFileId(key));
  const comments = [
    '# Sealpart key file: encrypts and decrypts. Keep it secret, and keep a copy.',
    `# key id: ${keyId}`,
  ];
  return { kind: 'key-file', keyId, lines: [...comments, formatSymmetricKey(key)] };
}

function makeIdentity(): MadeKey {
  const key = generateX25519Key();
  const publicKey = formatPublicKey(key);
  const comments = [
    '# Sealpart identity: decrypts what was encrypted for its public key. Keep it secret, and keep a copy.',
    `# public key: ${publicKey}`,
  ];
  const keyId = toHex(x25519KeyId(x25519PublicBytes(key)));
  return { kind: 'x25519', keyId, publicKey, lines: [...comments, formatIdentity(key)] };
}
