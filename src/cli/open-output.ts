import { createFileSink, type FileSinkOptions } from '../sinks/file-sink.ts';
import type { Sink } from '../sinks/sink.ts';
import type { CliContext } from './cli-context.ts';
import { noteLeftovers } from './leftovers.ts';
import { isStandard } from './open-input.ts';
import type { Report } from './report.ts';

/** The sink of OUT: a file that takes its name when it is complete, or standard output if it is `-` or left out. */
export async function openOutput(
  path: string | undefined,
  options: FileSinkOptions,
  report: Report,
  { streams, signal }: CliContext,
): Promise<Sink> {
  if (isStandard(path)) return streams.openStandardOutput();
  await noteLeftovers(path, report);
  return createFileSink(path, options, signal);
}

/** Runs with a sink that is the run's to finish, and leaves nothing of it behind if the run fails. */
export async function withSink<T>(sink: Sink, run: (sink: Sink) => Promise<T>): Promise<T> {
  try {
    return await run(sink);
  } catch (error) {
    await sink.abort();
    throw error;
  }
}
