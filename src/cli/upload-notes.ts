import type { UploadEvent } from '../pipelines/uploads/upload-options.ts';
import { bytesText, countText } from './human-numbers.ts';
import type { Report } from './report.ts';

/** Tells what becomes of uploads, and remembers those that can be gone on with. */
export class UploadNotes {
  readonly left: string[] = [];
  /** Content that earlier runs had sent, of the uploads that were gone on with. */
  keptContentBytes = 0;
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
  }

  /** @param name the file, where there are several */
  listener(name?: string): (event: UploadEvent) => void {
    return (event) => {
      if (event.kind === 'left') this.left.push(event.id);
      if (event.kind === 'resumed') this.keptContentBytes += event.keptContentBytes;
      const text = textOf(event);
      // As JSON everything is told; people are told what they would not expect.
      if (text === undefined && !this.#report.json) return;
      const prefix = name === undefined ? '' : `${name}: `;
      this.#report.note(`${prefix}${text}`, { upload: { ...(name === undefined ? {} : { name }), ...factsOf(event) } });
    };
  }
}

/** Errors have no JSON of their own. */
function factsOf(event: UploadEvent): object {
  if (event.kind !== 'unrecorded') return event;
  const { code, message } = event.error;
  return { kind: event.kind, error: { code, message } };
}

function textOf(event: UploadEvent): string | undefined {
  switch (event.kind) {
    case 'resumed': {
      const { id, keptParts, keptContentBytes } = event;
      return `going on with upload ${id}: ${countText(keptParts, 'part')}, ${bytesText(keptContentBytes)} of content, stored already`;
    }
    case 'abandoned':
      return `aborted the unfinished upload ${event.id}: ${event.reason}`;
    case 'restarted':
      return `beginning anew: ${event.reason}`;
    case 'unrecorded':
      return `the object stands, but the manifest could not be told: ${event.error.message}`;
    default:
      return undefined;
  }
}
