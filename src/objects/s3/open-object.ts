import type { Readable } from 'node:stream';
import { GetObjectCommand, type GetObjectCommandOutput } from '@aws-sdk/client-s3';
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
  const stream = answer.Body as Readable;
  const reader = new ChunkReader(stream, ground.idleTimeoutMs);
  try {
    const range = rangeOfAnswer(answer, request.range, subject);
    const head = headOf(answer, range.totalBytes, await readTags(ground, name, answer, signal), subject);
    const resume = async (first: number, last: number, readSignal: AbortSignal): Promise<ChunkReader> => {
      const asked = { range: { first, last }, ifMatch: head.etag, versionId: head.versionId };
      const rest = await ask(ground, name, asked, readSignal);
      const restReader = new ChunkReader(rest.Body as Readable, ground.idleTimeoutMs);
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
): Promise<GetObjectCommandOutput> {
  const input = {
    Bucket: name.bucket,
    Key: name.key,
    ...(range === undefined ? {} : { Range: rangeHeader(range) }),
    ...(ifMatch === undefined ? {} : { IfMatch: quotedEtag(ifMatch) }),
    ...(versionId === undefined ? {} : { VersionId: versionId }),
  };
  const answer = await ground.caller.run(signal, {
    doing: `read ${objectLabel(name)}`,
    subject: name,
    changes: false,
    send: (client, abortSignal) => client.send(new GetObjectCommand(input), { abortSignal }),
  });
  // Not every store honours If-Match.
  if (ifMatch !== undefined && !sameEtag(answer.ETag ?? '', ifMatch)) {
    (answer.Body as Readable).destroy();
    const etags = `its ETag is ${answer.ETag ?? 'not told'}, and ${ifMatch} was asked for`;
    throw new SealpartError('precondition', `${objectLabel(name)} is not what it was: ${etags}.`);
  }
  return answer;
}
