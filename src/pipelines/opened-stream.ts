import type { IndexEntries } from '../format/index-entries.ts';
import type { StreamHeader } from '../format/stream-header.ts';
import type { OpenedHeader, ReaderKeys } from '../keys/open-header.ts';
import { scryptMemoryBytes } from '../keys/passphrase.ts';
import type { StreamCrypto } from '../segments/stream-crypto.ts';

/** The verified index of an indexed stream. */
export interface StreamIndex {
  readonly entries: IndexEntries;
  /** 32 bytes: verified with the entries. */
  readonly streamDigest: Uint8Array;
}

/** The index of an indexed stream, of which nobody has judged more than the header. */
export interface UnreadIndex {
  /** Memory that reading it takes, in bytes: of an index of 2^20 entries 97 MiB. */
  readonly memoryBytes: number;
  /** @throws SealpartError what an index segment and its entries are refused with; what the input throws */
  read(signal: AbortSignal): Promise<StreamIndex>;
}

/** A stream whose header is authentic. */
export interface OpenedStream {
  readonly header: StreamHeader;
  readonly opened: OpenedHeader;
  readonly crypto: StreamCrypto;
  /** Layout 1: it has to be read before any segment is. */
  readonly index?: UnreadIndex;
}

export function cryptoOf(opened: OpenedHeader): StreamCrypto {
  return { parameters: opened.header.core.parameters, keys: opened.keys, coreHash: opened.coreHash };
}

/** What scrypt took to open the stream, if a passphrase was tried: the peak of a small run. */
export function keyDerivationBytesOf({ header }: OpenedStream, { identities }: ReaderKeys): number {
  if (!identities.some(({ kind }) => kind === 'passphrase')) return 0;
  const field = header.fields.find(({ kind }) => kind === 'passphrase');
  return field?.kind === 'passphrase' ? scryptMemoryBytes(field.log2N) : 0;
}
