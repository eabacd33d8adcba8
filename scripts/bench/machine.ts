import { availableParallelism, cpus, totalmem, type } from 'node:os';

/** What figures depend on. */
export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly openssl: string;
}

export function describeMachine(): Machine {
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${process.arch}`,
    node: process.version,
    openssl: process.versions.openssl ?? 'none',
  };
}

export function machineText({ cores, cpu, memoryGiB, system, node, openssl }: Machine): string {
  return `${cores} cores, ${cpu}, ${memoryGiB} GiB, ${system}, Node ${node} with OpenSSL ${openssl}`;
}
