import type { KeyObject } from 'node:crypto';
import { isRefusal, SealpartError } from '../../errors.ts';
import { equalBytes } from '../../format/bytes.ts';
import { parseStreamHeader, type StreamHeader } from '../../format/stream-header.ts';
import type { StreamParameters } from '../../format/stream-parameters.ts';
import { headerLenFor } from '../../keys/header-len.ts';
import { openHeader, type ReaderKeys } from '../../keys/open-header.ts';
import type { Recipient } from '../../keys/recipient.ts';
import { sealHeader } from '../../keys/seal-header.ts';
import type { ObjectRecords } from '../../manifest/object-records.ts';

export interface RecordKeyOptions {
  readonly records: ObjectRecords;
  /** For whom the key is sealed if there is none yet; asked for only then if it is a function. */
  readonly recipients: readonly Recipient[] | (() => Promise<readonly Recipient[]>);
  /** What the key is opened with. With an origin key, it has to come from an owner of that. */
  readonly access: Omit<ReaderKeys, 'objectName'>;
}

/** Nothing is ever sealed with them: the header is one without a stream. */
const parameters: Omit<StreamParameters, 'headerLen'> = {
  suite: 1,
  digestAlg: 3,
  layout: 0,
  frameSizeLog2: 16,
  segmentSizeLog2: 23,
  segmentSizeMaxLog2: 23,
  compression: 0,
  growEvery: 0,
};

/**
 * The key that all records of a table are sealed with: out of the table's first item, which is made if there is none.
 *
 * @throws SealpartError `no-recipient` or `header-auth` if none of the keys opens it: to go on would be to see no record
 *   and to write some that others cannot open; `manifest-corrupt`, `manifest`, `bad-parameters`, `kms-unavailable`,
 *   `aborted`
 */
export async function openRecordKey(options: RecordKeyOptions, signal: AbortSignal): Promise<KeyObject> {
  const { records, access } = options;
  let made: { readonly bytes: Uint8Array; readonly key: KeyObject } | undefined;
  const item = await records.keyItem(async () => {
    made = await makeKey(options, signal);
    return made.bytes;
  }, signal);
  if (made !== undefined && equalBytes(made.bytes, item)) return made.key;
  try {
    return (await openHeader(parseKeyItem(item, records.name), access, signal)).keys.recordKey();
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const text =
      `The object records in ${records.name} are sealed with a key that none of the given ones opens: give a key that ` +
      `they were begun with, or name another manifest. (${error.message})`;
    throw new SealpartError(error.code, text, { cause: error });
  }
}

/** Nothing is entered that whoever made it cannot open again. */
async function makeKey(
  { records, recipients, access }: RecordKeyOptions,
  signal: AbortSignal,
): Promise<{ readonly bytes: Uint8Array; readonly key: KeyObject }> {
  const all = typeof recipients === 'function' ? await recipients() : recipients;
  const { originKey } = access;
  const headerLen = headerLenFor(all, { originKey });
  const { header } = await sealHeader({ parameters: { ...parameters, headerLen }, recipients: all, originKey }, signal);
  try {
    const opened = await openHeader(header, access, signal);
    return { bytes: header.bytes, key: opened.keys.recordKey() };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const text =
      `No object records can be begun in ${records.name}: what is written for the given recipients, none of the given ` +
      `keys opens again. Give one that does. (${error.message})`;
    throw new SealpartError(error.code, text, { cause: error });
  }
}

function parseKeyItem(item: Uint8Array, name: string): StreamHeader {
  try {
    return parseStreamHeader(item);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const remedy = 'restore the manifest from a copy, or move it away and have the records written anew';
    const text = `The key of the object records in ${name} is damaged: ${remedy} (sealpart reindex). (${error.message})`;
    throw new SealpartError('manifest-corrupt', text, { cause: error });
  }
}
