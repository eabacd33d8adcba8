import { type PartRecord, partMacMatches } from '../../crypto/manifest-records.ts';
import { contentCapacity, contentOffset, segmentCount } from '../../format/schedule.ts';
import type { SealedHeader } from '../../keys/seal-header.ts';
import type { UploadItem } from '../../manifest/upload-manifest.ts';
import { corrupt } from './restore-stream.ts';
import type { UploadOptions } from './upload-options.ts';

/**
 * The parts of an upload that its manifest knows of, each proven to be what the owner of the stream's keys wrote.
 *
 * @param contentLength of the source
 * @throws SealpartError `manifest-corrupt`, `manifest`, `aborted`
 */
export async function readRecordedParts(
  item: UploadItem,
  stream: SealedHeader,
  contentLength: number,
  options: UploadOptions,
  signal: AbortSignal,
): Promise<PartRecord[]> {
  const parameters = stream.header.core.parameters;
  const key = stream.keys.manifestKey();
  const last = segmentCount(parameters, contentLength) - 1;
  const contentOf = (index: number): number =>
    index === last ? contentLength - contentOffset(parameters, last) : contentCapacity(parameters, index);
  const records: PartRecord[] = [];
  for await (const { mac, epoch: _epoch, ...part } of options.manifest.parts(item.id, signal)) {
    if (!partMacMatches(key, stream.coreHash, part, mac)) {
      throw corrupt(item, options, `the MAC of part ${part.partNumber} does not match`);
    }
    const [segment] = part.segments;
    const index = part.partNumber - 1;
    const fits =
      part.segments.length === 1 &&
      segment !== undefined &&
      segment.segmentIndex === index &&
      index <= last &&
      segment.contentLength === contentOf(index);
    if (!fits) throw corrupt(item, options, `part ${part.partNumber} is none that this source has`);
    records.push(part);
  }
  return records;
}
