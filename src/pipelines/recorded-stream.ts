import { equalBytes } from '../format/bytes.ts';
import type { StreamParameters } from '../format/stream-parameters.ts';
import type { OpenedStream } from './opened-stream.ts';

/** What a record of an object says of the stream in it. */
export interface RecordedStream {
  readonly parameters: StreamParameters;
  /** 16 bytes. */
  readonly streamId: Uint8Array;
}

/** The authentic header of a stream says otherwise than a record did, which is therefore about another: read without it. */
export class RecordMismatch extends Error {
  override readonly name = 'RecordMismatch';

  constructor() {
    super('The record of this object is about another stream.');
  }
}

/** @throws RecordMismatch */
export function judgeRecorded({ header: { core } }: OpenedStream, recorded: RecordedStream): void {
  const names = Object.keys(recorded.parameters) as (keyof StreamParameters)[];
  const agrees = names.every((name) => core.parameters[name] === recorded.parameters[name]);
  if (!agrees || !equalBytes(core.streamId, recorded.streamId)) throw new RecordMismatch();
}
