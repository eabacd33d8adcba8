import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ClientEndpoint } from './client-endpoint.ts';
import type { TestedClient } from './tested-client.ts';

const session = fileURLToPath(new URL('boto3-session.py', import.meta.url));

/** The boto3 of a Python, in one process that is asked by lines. */
export function openBoto3(python: string, endpoint: ClientEndpoint, folder: string): TestedClient {
  const child = spawn(python, [session], {
    stdio: 'pipe',
    env: { PATH: process.env.PATH ?? '', HOME: folder, AWS_EC2_METADATA_DISABLED: 'true' },
  });
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text;
  });
  child.stdin.on('error', () => undefined);
  const ended = once(child, 'close');
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  child.stdin.write(`${JSON.stringify(endpoint)}\n`);
  const call = async (name: string, args: Readonly<Record<string, unknown>>): Promise<unknown> => {
    child.stdin.write(`${JSON.stringify({ call: name, args })}\n`);
    const { value } = await answers.next();
    if (value === undefined) throw new Error(`${python} has ended: ${complaints}`);
    const { error, result } = JSON.parse(value) as { error?: string; result?: unknown };
    if (error !== undefined) throw new Error(`${name} ${JSON.stringify(args)}: ${error}`);
    return result;
  };
  const presign = async (operation: string, Bucket: string, Key: string): Promise<string> =>
    (await call('presign', { operation, Bucket, Key })) as string;
  return {
    complaints: () => complaints,
    put: async (Bucket, Key, file, Metadata = {}) => {
      await call('put', { Bucket, Key, file, Metadata });
    },
    get: async (Bucket, Key, file) => {
      await call('get', { Bucket, Key, file });
    },
    getRange: async (Bucket, Key, start, end) => {
      const hex = await call('get_range', { Bucket, Key, Range: `bytes=${start}-${end - 1}` });
      return Buffer.from(hex as string, 'hex');
    },
    metadata: async (Bucket, Key) => (await call('metadata', { Bucket, Key })) as Record<string, string>,
    list: async (Bucket, Prefix) => (await call('keys', { Bucket, Prefix })) as string[],
    remove: async (Bucket, Key) => {
      await call('remove', { Bucket, Key });
    },
    removeAll: async (Bucket, Prefix) => {
      await call('remove_all', { Bucket, Prefix });
    },
    presignGet: (bucket, key) => presign('get_object', bucket, key),
    presignPut: (bucket, key) => presign('put_object', bucket, key),
    close: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
