import type { Sink } from '../sinks/sink.ts';
import { isSeekable } from '../sources/seekable.ts';
import type { SeekableSource, Source } from '../sources/source.ts';

/** Counts the bytes that pass, for commands whose pipeline counts none. */
export class ByteCounter {
  bytes = 0;

  /** The same input, counted. */
  input(input: Source | SeekableSource): Source | SeekableSource {
    const count = async (read: Promise<number>): Promise<number> => {
      const given = await read;
      this.bytes += given;
      return given;
    };
    const close = (): Promise<void> => input.close();
    if (isSeekable(input)) {
      const { name, size } = input;
      return { name, size, readAt: (position, target, signal) => count(input.readAt(position, target, signal)), close };
    }
    return { name: input.name, size: input.size, read: (target, signal) => count(input.read(target, signal)), close };
  }

  /** The same sink, counted. */
  sink(sink: Sink): Sink {
    return {
      name: sink.name,
      irreversible: sink.irreversible,
      writeTentative: async (bytes, signal) => {
        await sink.writeTentative(bytes, signal);
        this.bytes += bytes.length;
      },
      commitSegment: (signal) => sink.commitSegment(signal),
      rollbackSegment: () => sink.rollbackSegment(),
      finish: (signal) => sink.finish(signal),
      abort: () => sink.abort(),
    };
  }
}
