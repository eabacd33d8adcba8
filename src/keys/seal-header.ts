import type { KeyObject } from 'node:crypto';
import { assert } from '../assert.ts';
import { type DrawBytes, freshBytes, requireDistinct } from '../crypto/fresh-bytes.ts';
import { secretKey } from '../crypto/hkdf.ts';
import { coreHashOf, keyLength, StreamKeys } from '../crypto/key-schedule.ts';
import { SealpartError } from '../errors.ts';
import { equalBytes } from '../format/bytes.ts';
import type { HeaderField } from '../format/header-fields.ts';
import { encodeCore, type StreamCore } from '../format/stream-core.ts';
import { layOutHeader, macInput, parseStreamHeader, type StreamHeader, withMac } from '../format/stream-header.ts';
import { digestAlgs, judgeParameters, type StreamParameters, suites } from '../format/stream-parameters.ts';
import { contextFields, type HeaderContents, judgeRecipientCounts, objectField } from './header-contents.ts';
import { originField } from './origin.ts';
import type { Recipient } from './recipient.ts';
import type { WrapContext } from './wrap.ts';

export interface SealHeaderRequest extends HeaderContents {
  /** `headerLen` as headerLenFor gives it, or longer. */
  readonly parameters: StreamParameters;
  /** 1 to 16, of which one passphrase and four KMS keys at most. */
  readonly recipients: readonly Recipient[];
  /** Where random bytes come from: the system's source unless told. */
  readonly draw?: DrawBytes;
}

/** A header and what it takes to encrypt the stream that it belongs to. */
export interface SealedHeader {
  readonly header: StreamHeader;
  readonly keys: StreamKeys;
  /** 32 bytes. */
  readonly coreHash: Uint8Array;
}

/** What is drawn afresh for each stream, and never serves another one (docs/format.md §9.1). */
export interface StreamSecrets {
  readonly dataKey: KeyObject;
  /** 16 bytes. */
  readonly streamId: Uint8Array;
  /** 32 bytes. */
  readonly salt: Uint8Array;
}

/**
 * Makes the header of a new stream: draws its secrets, wraps its data key for each recipient, and reads the result
 * back before handing it out.
 *
 * @throws SealpartError `bad-parameters` if recipients or context do not fit, or sizes are out of range; `bad-name`;
 *   `kms-unavailable`; `bad-key`; `io` if the random source cannot be trusted; `aborted`
 */
export async function sealHeader(request: SealHeaderRequest, signal: AbortSignal): Promise<SealedHeader> {
  judgeRecipientCounts(request.recipients.map(({ kind }) => kind));
  judgeWriterParameters(request.parameters);
  const context = contextFields(request.context ?? {});
  const secrets = drawSecrets(request.draw);
  const keys = new StreamKeys(secrets.dataKey, secrets.salt);
  const core = coreOf(request.parameters, secrets, keys);
  const fields: HeaderField[] = [...context];
  if (request.objectName !== undefined) fields.push(objectField(request.objectName));
  const wrapContext = { streamId: core.streamId, coreHash: coreHashOf(core) };
  fields.push(...(await sealRecipients(request.recipients, keys.dataKey, wrapContext, signal)));
  if (request.originKey !== undefined) {
    fields.push(originField(request.originKey, core.streamId, encodeCore(core)));
  }
  return assembleHeader(core, keys, fields);
}

/** The fields of all recipients, in their order. */
export async function sealRecipients(
  recipients: readonly Recipient[],
  dataKey: KeyObject,
  context: WrapContext,
  signal: AbortSignal,
): Promise<HeaderField[]> {
  return await Promise.all(recipients.map((recipient) => recipient.seal(dataKey, context, signal)));
}

/** The core of a stream with these secrets. Given the same, it is the same: only drawSecrets makes a stream new. */
export function coreOf(parameters: StreamParameters, secrets: StreamSecrets, keys: StreamKeys): StreamCore {
  return { parameters, streamId: secrets.streamId, salt: secrets.salt, keyCommit: keys.keyCommit() };
}

/**
 * Lays out and authenticates a header whose fields are ready.
 *
 * @throws SealpartError `bad-parameters` if the fields do not fit
 */
export function assembleHeader(core: StreamCore, keys: StreamKeys, fields: readonly HeaderField[]): SealedHeader {
  const bare = layOutHeader(core, fields);
  const bytes = withMac(bare, keys.headerMac(macInput(bare)));
  // A header that its own readers would refuse must be noticed here, not when the data is wanted back.
  const header = parseStreamHeader(bytes);
  assert(equalBytes(macInput(layOutHeader(header.core, header.fields)), macInput(bytes)), 'a header that reads back');
  return { header, keys, coreHash: coreHashOf(header.bytes) };
}

function drawSecrets(draw: DrawBytes | undefined): StreamSecrets {
  const dataKey = freshBytes(keyLength, draw);
  const streamId = freshBytes(16, draw);
  const salt = freshBytes(32, draw);
  requireDistinct(dataKey, streamId, salt);
  return { dataKey: secretKey(dataKey), streamId, salt };
}

/** What a reader would call `bad-header` is for a writer a matter of what was asked of it. */
function judgeWriterParameters(parameters: StreamParameters): void {
  // A reader judges these while it parses, as `unsupported`.
  judgeChoice('suite', parameters.suite, Object.values(suites));
  judgeChoice('digestAlg', parameters.digestAlg, Object.values(digestAlgs));
  try {
    judgeParameters(parameters);
  } catch (error) {
    if (!(error instanceof SealpartError)) throw error;
    throw new SealpartError('bad-parameters', `No stream can have these parameters. ${error.message}`, {
      cause: error,
    });
  }
}

function judgeChoice(what: string, value: number, known: readonly number[]): void {
  if (known.includes(value)) return;
  const last = known.length - 1;
  const text = `${known.slice(0, last).join(', ')} or ${known[last]}`;
  throw new SealpartError('bad-parameters', `No stream can have the ${what} ${value}: take ${text}.`);
}
