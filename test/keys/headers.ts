import type { HeaderField } from '../../src/format/header-fields.ts';
import type { StreamHeader } from '../../src/format/stream-header.ts';
import { type OpenedHeader, openHeader, type ReaderKeys } from '../../src/keys/open-header.ts';
import { assembleHeader, type SealedHeader, type SealHeaderRequest, sealHeader } from '../../src/keys/seal-header.ts';
import { keyFileWriter, never, smallParameters } from './fixtures.ts';

/** A header for a key file, with room for whatever else is asked for. */
export function seal(changes: Partial<SealHeaderRequest> = {}): Promise<SealedHeader> {
  const parameters = { ...smallParameters, headerLen: 4096 };
  return sealHeader({ parameters, recipients: keyFileWriter, ...changes }, never());
}

export function open(header: StreamHeader, access: ReaderKeys): Promise<OpenedHeader> {
  return openHeader(header, access, never());
}

/** The header with other fields, as whoever holds the data key can write it. */
export function withFields(sealed: SealedHeader, fields: readonly HeaderField[]): StreamHeader {
  return assembleHeader(sealed.header.core, sealed.keys, fields).header;
}
