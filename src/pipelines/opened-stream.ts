import type { IndexEntry } from '../format/index-entries.ts';
import type { StreamHeader } from '../format/stream-header.ts';
import type { OpenedHeader } from '../keys/open-header.ts';
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
