import { SealpartError } from '../../errors.ts';
import { objectLabel } from '../directory/names.ts';
import type { ByteRange, GetRequest, ObjectName } from '../object-store.ts';
import { ChunkReader } from './chunk-reader.ts';
import { checkRange, rangeHeader } from './content-range.ts';
import { quotedEtag, sameEtag } from './etag.ts';
import { rangeOfAnswer } from './read-answer.ts';
import { headOf } from './read-head.ts';
import { readTags } from './read-tags.ts';
import { S3Body } from './s3-body.ts';
import type { StoreAnswer } from './signed/store-answer.ts';
import type { S3Ground } from './store-ground.ts';

interface Asked {
  readonly range?: ByteRange | undefined;
  readonly ifMatch?: string | undefined;
  readonly versionId?: string | undefined;
}

/** Asks for an object, or a range of it, and resolves when the answer is known to be about what was asked. */
export async function openObject(
  ground: S3Ground,
  request: GetRequest,
  signal: AbortSignal,
  bodies: Set<S3Body>,
): Promise<S3Body> {
  const name = { bucket: request.bucket, key: request.key };
  const label = objectLabel(name);
  const subject = { label, storeName: ground.name };
  checkRange(request.range, label);
  const answer = await ask(ground, name, request, signal);
  const reader = new ChunkReader(answer.body, ground.idleTimeoutMs);
  try {
    const range = rangeOfAnswer(answer, request.range, subject);
    const tags = await readTags(ground, request, answer.headers, signal);
    const head = headOf(answer.headers, range.totalBytes, tags, subject);
    const resume = async (first: number, last: number, readSignal: AbortSignal): Promise<ChunkReader> => {
      const asked = { range: { first, last }, ifMatch: head.etag, versionId: head.versionId };
      const rest = await ask(ground, name, asked, readSignal);
      const restReader = new ChunkReader(rest.body, ground.idleTimeoutMs);
      try {
        const { totalBytes } = rangeOfAnswer(rest, asked.range, subject);
        if (totalBytes === head.sizeBytes) return restReader;
        throw new SealpartError('precondition', `${label} was replaced while it was read: its size has changed.`);
      } catch (error) {
        restReader.destroy();
        throw error;
      }
    };
    const body: S3Body = new S3Body(
      { storeName: ground.name, label, resume, maxResumes: ground.maxAttempts, onClose: () => bodies.delete(body) },
      head,
      range,
      reader,
    );
    bodies.add(body);
    return body;
  } catch (error) {
    reader.destroy();
    throw error;
  }
}

async function ask(
  ground: S3Ground,
  name: ObjectName,
  { range, ifMatch, versionId }: Asked,
  signal: AbortSignal,
): Promise<StoreAnswer> {
  const headers: Record<string, string> = {};
  if (range !== undefined) headers.range = rangeHeader(range);
  if (ifMatch !== undefined) headers['if-match'] = quotedEtag(ifMatch);
  const query: Record<string, string> = versionId === undefined ? {} : { versionId };
  const answer = await ground.caller.run<StoreAnswer>(signal, {
    doing: `read ${objectLabel(name)}`,
    subject: name,
    changes: false,
    request: { method: 'GET', bucket: name.bucket, key: name.key, query, headers },
    read: async (answer) => answer,
  });
  // Not every store honours If-Match.
  const { etag } = answer.headers;
  if (ifMatch !== undefined && !sameEtag(etag ?? '', ifMatch)) {
    answer.body.destroy();
    const etags = `its ETag is ${etag ?? 'not told'}, and ${ifMatch} was asked for`;
    throw new SealpartError('precondition', `${objectLabel(name)} is not what it was: ${etags}.`);
  }
  return answer;
}
