import { Command, Option } from 'commander';
import type { ObjectHead, ObjectName, ObjectStore } from '../objects/object-store.ts';
import { decryptStream } from '../pipelines/decrypt-stream.ts';
import { getObject } from '../pipelines/get-object.ts';
import { Telemetry } from '../pipelines/telemetry.ts';
import { verifyObjectStructure } from '../pipelines/verify-object.ts';
import { type StructureReport, verifyStructure } from '../pipelines/verify-structure.ts';
import { NullSink } from '../sinks/null-sink.ts';
import type { CliContext } from './cli-context.ts';
import { inputText, roundedSeconds } from './command-text.ts';
import { type AnyNameFlag, addAnyNameFlag } from './get.ts';
import { countText, exactBytesText } from './human-numbers.ts';
import { openEncryptedInput, withInput } from './open-input.ts';
import { isStoreUrl, parseObjectName, parseObjectUrl, urlShapes } from './parse-store-url.ts';
import { flagValue } from './parse-values.ts';
import { addReadFlags, type ReadFlags } from './read-flags.ts';
import { announce, announceObject, prepareReading, wholeResult } from './reading.ts';
import { Report, type Result, type Start } from './report.ts';
import { addMachineFlags, addReportFlags, type MachineFlags, type ReportFlags } from './run-flags.ts';
import { addStoreFlags, type StoreFlags } from './store-flags.ts';
import { UsageError } from './usage-error.ts';
import { objectUrlText, placeText, withStore } from './with-store.ts';

interface VerifyFlags extends ReadFlags, AnyNameFlag, StoreFlags, MachineFlags, ReportFlags {
  /** False with --no-key. */
  readonly key: boolean;
  readonly objectName?: ObjectName;
}

const examples = `
Examples:
  sealpart verify --key-file my.key photos.tar.sealpart
  sealpart verify --key-file my.key dir:/srv/store//backup/photos.tar
  sealpart verify --no-key photos.tar.sealpart

With a key: everything that decrypt and get check, and nothing is written. With --no-key: headers, lengths, order and
CRCs, which find rot and torn writes, but not attacks.`;

export function verifyCommand(context: CliContext): Command {
  const command = new Command('verify')
    .summary('read an encrypted stream whole and check it')
    .description('Reads an encrypted stream to its end, checks all of it and writes nothing.')
    .argument('<in>', `an encrypted file, -: standard input, or an object: ${urlShapes}`)
    .option('--no-key', 'check structure and CRCs only, which needs no key');
  addAnyNameFlag(addReadFlags(command)).addOption(
    new Option('--object-name <bucket/key>', 'only a stream that is bound to this name; of an object its own is asked')
      .argParser(flagValue(parseObjectName))
      .conflicts('anyName'),
  );
  return addReportFlags(addMachineFlags(addStoreFlags(command)))
    .addHelpText('after', examples)
    .action((input: string, flags: VerifyFlags) => verify(input, flags, context));
}

async function verify(input: string, flags: VerifyFlags, context: CliContext): Promise<void> {
  const report = new Report('verify', flags, context);
  if (!flags.key) refuseKeyFlags(flags);
  const verdict = await report.until(() =>
    isStoreUrl(input) ? verifyObject(input, flags, report, context) : verifyFile(input, flags, report, context),
  );
  await report.result(verdict);
}

function refuseKeyFlags(flags: VerifyFlags): void {
  const { keyFile, passphraseFile, identity, originKey, expectDigest, objectName } = flags;
  const given = [keyFile, passphraseFile, identity, originKey, expectDigest, objectName].some((f) => f !== undefined);
  if (given) throw new UsageError('--no-key checks nothing that a key proves. Leave it out, or leave out the others.');
}

async function verifyFile(path: string, flags: VerifyFlags, report: Report, context: CliContext): Promise<Result> {
  const { signal } = context;
  const subject = { input: inputText(path) };
  const start = { subject, text: subject.input };
  if (!flags.key) {
    return withInput(await openEncryptedInput(path, context), async (input) => {
      const { telemetry, onSize } = announceStructure(start, report);
      onSize(input.size);
      return structureResult(await verifyStructure(input, signal, telemetry), subject, report);
    });
  }
  const reading = await prepareReading(flags, flags.objectName, context);
  return withInput(await openEncryptedInput(path, context), async (input) => {
    const request = { ...reading, ...announce(report, start, reading, () => input.size), input, sink: new NullSink() };
    return withSubject(subject, wholeResult('verified', await decryptStream(request, signal), report.elapsedSeconds));
  });
}

async function verifyObject(url: string, flags: VerifyFlags, report: Report, context: CliContext): Promise<Result> {
  const { signal } = context;
  const location = parseObjectUrl(url);
  const object = { bucket: location.bucket, key: location.key };
  const asked = flags.anyName === true ? undefined : (flags.objectName ?? object);
  const reading = flags.key ? await prepareReading(flags, asked, context) : undefined;
  return withStore(location, { flags }, context, async (store: ObjectStore) => {
    const subject = { store: store.name, input: objectUrlText(store, location) };
    const start = { subject, text: placeText(store, location) };
    report.expect(start);
    if (reading === undefined) {
      const { telemetry, onSize } = announceStructure(start, report);
      const onHead = ({ sizeBytes }: ObjectHead): void => onSize(sizeBytes);
      const found = await verifyObjectStructure(store, object, { telemetry, onHead }, signal);
      return structureResult(found, subject, report);
    }
    const announced = announceObject(report, start, reading);
    const request = { ...reading, ...announced, store, object, sink: new NullSink() };
    return withSubject(subject, wholeResult('verified', await getObject(request, signal), report.elapsedSeconds));
  });
}

/** Says the first line when it is known how much there is to check, and how far that is from then on. */
function announceStructure(
  start: Pick<Start, 'subject' | 'text'>,
  report: Report,
): { readonly telemetry: Telemetry; readonly onSize: (totalBytes: number | undefined) => void } {
  const telemetry = new Telemetry();
  const read = (): { bytes: number } => ({ bytes: telemetry.snapshot().wireBytes });
  const onSize = (totalBytes: number | undefined): void => report.start({ ...start, progress: { totalBytes, read } });
  return { telemetry, onSize };
}

function structureResult(
  { segments, contentLength }: StructureReport,
  subject: Readonly<Record<string, string>>,
  report: Report,
): Result {
  const found = `${countText(segments, 'segment')}, ${exactBytesText(contentLength)} of content`;
  return {
    lines: [`structure and CRCs are sound: ${found}. Only a key can tell whether they are authentic.`],
    facts: {
      ...subject,
      verified: 'structure',
      segments,
      contentBytes: contentLength,
      seconds: roundedSeconds(report.elapsedSeconds),
    },
  };
}

function withSubject(subject: Readonly<Record<string, string>>, { lines, facts }: Result): Result {
  return { lines, facts: { ...subject, verified: 'content', ...facts } };
}
