import type { IndexEntry } from '../format/index-entries.ts';
import type { StreamHeader } from '../format/stream-header.ts';
import type { OpenedHeader, ReaderKeys } from '../keys/open-header.ts';
import { scryptMemoryBytes } from '../keys/passphrase.ts';
import type { StreamCrypto } from '../segments/stream-crypto.ts';

/** A stream whose header is authentic. */
export interface OpenedStream {
  readonly header: StreamHeader;
  readonly opened: OpenedHeader;
  readonly crypto: StreamCrypto;
  /** Layout 1: the verified index, and the stream digest that was verified with it. */
  readonly index?: { readonly entries: readonly IndexEntry[]; readonly streamDigest: Uint8Array };
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
