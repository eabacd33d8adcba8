import { partNumberOf } from '../format/index-entries.ts';
import { indexSegmentIndex } from '../format/judge-segment-header.ts';
import { type SegmentHeader, segmentFlags, segmentHeaderLength } from '../format/segment-header.ts';
import type { PartPlace } from './stored-parts.ts';

/** A segment as inspect shows it. */
export interface SegmentRow {
  readonly segmentIndex: number;
  /** The part that it is, or belongs to; of the index segment the number is not known without a store. */
  readonly partNumber: number | undefined;
  readonly contentBytes: number;
  readonly wireBytes: number;
  readonly flags: readonly string[];
  /** What the store says the part has. */
  readonly partBytes?: number;
}

/** @param indexed true in layout 1, where a segment's index tells which part it belongs to */
export function segmentRow(header: SegmentHeader, indexed: boolean, place: PartPlace | undefined): SegmentRow {
  const { segmentIndex, contentLength, flags, compression } = header;
  const isIndex = indexed && segmentIndex === indexSegmentIndex;
  const own = isIndex ? undefined : indexed ? partNumberOf(segmentIndex) : segmentIndex + 1;
  return {
    segmentIndex,
    partNumber: place?.partNumber ?? own,
    contentBytes: contentLength,
    wireBytes: segmentHeaderLength + header.wireLength,
    flags: [
      ...((flags & segmentFlags.final) === 0 ? [] : ['FINAL']),
      ...((flags & segmentFlags.index) === 0 ? [] : ['INDEX']),
      ...(compression === 1 ? ['zstd'] : []),
    ],
    ...(place === undefined ? {} : { partBytes: place.partBytes }),
  };
}

const widths = { segment: 10, part: 6, bytes: 15 };

export function tableHead(withParts: boolean): string {
  const columns = [
    'segment'.padStart(widths.segment),
    'part'.padStart(widths.part),
    'content bytes'.padStart(widths.bytes),
    'wire bytes'.padStart(widths.bytes),
    ...(withParts ? ['part bytes'.padStart(widths.bytes)] : []),
    ' flags',
  ];
  return columns.join(' ');
}

export function tableLine(row: SegmentRow, withParts: boolean): string {
  const columns = [
    String(row.segmentIndex).padStart(widths.segment),
    String(row.partNumber ?? '-').padStart(widths.part),
    String(row.contentBytes).padStart(widths.bytes),
    String(row.wireBytes).padStart(widths.bytes),
    ...(withParts ? [String(row.partBytes ?? '-').padStart(widths.bytes)] : []),
    ` ${row.flags.join(' ')}`,
  ];
  return columns.join(' ').trimEnd();
}

/** Keeps the first and the last few of many rows, and says how many it left out. */
export class RowWindow {
  readonly #limit: number;
  readonly #write: (line: string) => Promise<void>;
  readonly #last: string[] = [];
  #count = 0;

  /** @param limit rows at the beginning, and as many at the end */
  constructor(limit: number, write: (line: string) => Promise<void>) {
    this.#limit = limit;
    this.#write = write;
  }

  async add(line: string): Promise<void> {
    if (this.#count++ < this.#limit) return this.#write(line);
    this.#last.push(line);
    if (this.#last.length > this.#limit) this.#last.shift();
  }

  async end(): Promise<void> {
    const hidden = this.#count - this.#limit - this.#last.length;
    if (hidden > 0) await this.#write(`${'…'.padStart(widths.segment)} ${hidden} more: --all shows them`);
    for (const line of this.#last) await this.#write(line);
  }
}
