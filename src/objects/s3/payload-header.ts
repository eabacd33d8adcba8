import type { PutObjectCommand, UploadPartCommand } from '@aws-sdk/client-s3';

/**
 * Has the body of a command signed with this hash, or `UNSIGNED-PAYLOAD`: left to itself the SDK hashes what it can, on
 * the main thread, whether the connection is protected or not.
 */
export function withPayloadHash<T extends PutObjectCommand | UploadPartCommand>(command: T, hash: string): T {
  // Their stacks differ in types only, and a union of them cannot be called.
  (command as PutObjectCommand).middlewareStack.add(
    (next) => async (args) => {
      const request = args.request as { readonly headers: Record<string, string> };
      request.headers['x-amz-content-sha256'] = hash;
      return await next(args);
    },
    { step: 'build', name: 'sealpartPayloadHash' },
  );
  return command;
}
