import { type CaseResult, runCase } from './run-case.ts';
import type { S3Endpoint } from './s3-endpoint.ts';

/** They count or compare all buckets or all users that there are: nothing else may run beside them. */
const alone = /^(?:ListBuckets|IAM)_/;

export interface CasesOptions {
  /** How many run at once. */
  readonly jobs: number;
  /** Called as each ends. */
  readonly onResult?: (result: CaseResult) => void;
}

/** Runs cases, each in its own process, several at once. @returns their results in the order of `names` */
export async function runCases(
  names: readonly string[],
  endpoint: S3Endpoint,
  { jobs, onResult }: CasesOptions,
): Promise<CaseResult[]> {
  const results = new Map<string, CaseResult>();
  const work = async (queue: string[]): Promise<void> => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      const result = await runCase(name, endpoint);
      results.set(name, result);
      onResult?.(result);
    }
  };
  await work(names.filter((name) => alone.test(name)));
  const together = names.filter((name) => !alone.test(name));
  await Promise.all(Array.from({ length: jobs }, () => work(together)));
  return names.map((name) => results.get(name)!);
}
