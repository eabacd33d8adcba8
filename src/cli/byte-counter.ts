import type { Sink } from '../sinks/sink.ts';

/** Counts the bytes that pass into a sink, for commands whose pipeline counts none. */
export class ByteCounter {
  bytes = 0;

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
