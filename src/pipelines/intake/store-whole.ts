import { assert } from '../../assert.ts';
import type { WireSegment } from '../../segments/segment-encryption.ts';
import type { StreamToWrite } from '../seal-stream.ts';
import { PartSender } from '../uploads/part-sender.ts';
import { noJournal } from '../uploads/upload-journal.ts';
import { type ContentFacts, type ContentRequest, type StoredContent, targetOf } from './content-request.ts';

/** Puts an object of one segment, with the metadata that came with its acceptance. */
export async function storeWhole(
  request: ContentRequest,
  stream: StreamToWrite,
  {
    facts,
    segment,
    added,
  }: {
    readonly facts: ContentFacts;
    readonly segment: WireSegment;
    readonly added: Readonly<Record<string, string>> | undefined;
  },
  signal: AbortSignal,
): Promise<StoredContent> {
  const { attributes = {} } = request;
  const metadata = added === undefined ? attributes.metadata : { ...attributes.metadata, ...added };
  const target = targetOf(request, metadata === undefined ? attributes : { ...attributes, metadata });
  const sender = new PartSender(target, stream, noJournal);
  await sender.send(segment, signal);
  assert(sender.whole !== undefined, 'an object in one piece is put whole');
  return { ...facts, ...sender.whole };
}
