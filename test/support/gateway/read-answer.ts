import { GetObjectCommand, type GetObjectCommandInput, type S3Client } from '@aws-sdk/client-s3';

/** What came of a GET: all of its body, or what had come when it broke. */
export interface ReadAnswer {
  /** What the answer said before its body. */
  readonly announcedBytes: number;
  readonly received: Buffer;
  /** Why there is no more; undefined for a body that ended as one that is whole. */
  readonly broken: unknown;
}

/** Reads an object as a client does that notices how the body ends. Throws if there is no body at all. */
export async function readAnswer(client: S3Client, input: GetObjectCommandInput): Promise<ReadAnswer> {
  const { Body, ContentLength } = await client.send(new GetObjectCommand(input));
  const pieces: Buffer[] = [];
  let broken: unknown;
  try {
    for await (const piece of Body as AsyncIterable<Buffer>) pieces.push(Buffer.from(piece));
  } catch (error) {
    broken = error;
  }
  return { announcedBytes: ContentLength ?? -1, received: Buffer.concat(pieces), broken };
}
