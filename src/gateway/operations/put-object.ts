import { SealpartError } from '../../errors.ts';
import { WaitedTooLong } from '../../flow/waited-too-long.ts';
import type { ContentFacts, StoredContent } from '../../pipelines/intake/content-request.ts';
import { largestContentBytes, storeContent } from '../../pipelines/intake/store-content.ts';
import type { WriteOptions } from '../../pipelines/seal-stream.ts';
import { checksumHeader } from '../../s3-protocol/checksums/algorithm.ts';
import type { Checksum } from '../../s3-protocol/checksums/content-check.ts';
import { S3Error, s3Error } from '../../s3-protocol/errors/s3-error.ts';
import { type HeaderField, headerValues } from '../../s3-protocol/signature/raw-request.ts';
import type { GatewayAnswer } from '../http/gateway-answer.ts';
import { mostInlineBytes } from '../intake/content-digests.ts';
import { enterRecord, recordOf, type UnnamedRecord } from '../intake/enter-record.ts';
import { putCondition } from '../intake/put-condition.ts';
import { hasRoomFor, readAttributes } from '../intake/read-attributes.ts';
import { RequestContent, type VerifiedContent } from '../intake/request-content.ts';
import type { OperationCall, OperationHandler } from '../operation-call.ts';
import { forgetObject } from '../reading/forget-object.ts';
import { recordMetadataName } from '../records/record-book.ts';

/** PutObject: content of any length in one request, which becomes a stream that the client does not see. */
export const putObject: OperationHandler = async (call, signal) => {
  const { ground, bucket, key } = call;
  const write = writeOptionsOf(call);
  const attributes = readAttributes(call.route.headers);
  const largestBytes = largestContentBytes(ground.intake, ground.store, write);
  const content = RequestContent.open(call, { largestBytes, withMd5: ground.etags === 'md5' });
  try {
    // Before the client is told to go on: what it would send could not be kept.
    if (content.size > mostInlineBytes && !ground.intake.admits) throw s3Error('SlowDown');
    const condition = await putCondition(call, signal);
    const accepted = new Acceptance(call, content, attributes.metadata ?? {});
    const stored = await storeContent(
      { pool: ground.pool, memory: ground.intake },
      {
        source: content,
        store: ground.store,
        object: { bucket, key },
        attributes,
        condition,
        write,
        uploads: uploadsOf(call),
        observe: content.observe,
        accept: (facts, inner) => accepted.accept(facts, inner),
      },
      signal,
    );
    forgetObject(ground, bucket, key);
    return await answerOf(call, stored, accepted);
  } catch (error) {
    throw toldInstead(call, error);
  } finally {
    await content.close();
  }
};

/** The moment at which content has come and is compared with what was said of it. */
class Acceptance {
  readonly #call: OperationCall;
  readonly #content: RequestContent;
  readonly #metadata: Readonly<Record<string, string>>;
  #verified: VerifiedContent | undefined;
  #record: UnnamedRecord | undefined;
  #isBeside = false;

  constructor(call: OperationCall, content: RequestContent, metadata: Readonly<Record<string, string>>) {
    this.#call = call;
    this.#content = content;
    this.#metadata = metadata;
  }

  get checksum(): Checksum | undefined {
    return this.#verified!.checksum;
  }

  get record(): UnnamedRecord {
    return this.#record!;
  }

  /** True if the object carries its record itself. */
  get isBeside(): boolean {
    return this.#isBeside;
  }

  async accept(facts: ContentFacts, signal: AbortSignal): Promise<Record<string, string> | undefined> {
    const { ground, bucket, key } = this.#call;
    this.#verified = await this.#content.verify(signal);
    this.#record = recordOf(facts, this.#verified, ground.etags === 'md5');
    const { md5, ...unnamed } = this.#record;
    // An opaque ETag is made of the store's, which nobody knows yet.
    if (!facts.whole || md5 === undefined) return undefined;
    const sealed = ground.records.sealForMetadata({ bucket, key }, { ...unnamed, etag: md5 });
    this.#isBeside = hasRoomFor(this.#metadata, recordMetadataName, sealed);
    return this.#isBeside ? { [recordMetadataName]: sealed } : undefined;
  }
}

function writeOptionsOf({ ground, bucket, key }: OperationCall): Omit<WriteOptions, 'zstd'> {
  const { zstd: _zstd, ...writing } = ground.writing;
  const objectName = { bucket: ground.logicalBucket(bucket), key };
  const context = ground.namesInContext ? { ...objectName } : undefined;
  return { ...writing, recipients: ground.recipients, objectName, context };
}

function uploadsOf({ ground }: OperationCall) {
  return {
    manifest: ground.uploads,
    clock: () => ground.clock(),
    onEvent: (event: { readonly kind: string; readonly error?: SealpartError }) => {
      if (event.error !== undefined)
        ground.onTrouble?.('An upload that has ended could not be written off', event.error);
    },
  };
}

async function answerOf(call: OperationCall, stored: StoredContent, accepted: Acceptance): Promise<GatewayAnswer> {
  const { ground, route } = call;
  const etag = await enterRecord(call, stored.etag, accepted.record, accepted.isBeside);
  const headers: HeaderField[] = [
    ['ETag', `"${etag}"`],
    // What was stored is longer: this is what a client can compare with what it has sent.
    ['x-amz-object-size', String(accepted.record.contentLength)],
  ];
  if (stored.versionId !== undefined) headers.push(['x-amz-version-id', stored.versionId]);
  const { checksum } = accepted;
  if (checksum !== undefined) {
    headers.push([checksumHeader(checksum.algorithm), checksum.value], ['x-amz-checksum-type', 'FULL_OBJECT']);
  }
  const encryption = 'x-amz-server-side-encryption';
  // S3's own sign that an ETag is no MD5.
  if (ground.etags === 'opaque') headers.push([encryption, 'aws:kms']);
  else if (headerValues(route, encryption).length > 0) headers.push([encryption, 'AES256']);
  return { status: 200, headers };
}

/** What a client is told, where that is more than what was thrown says by itself. */
function toldInstead({ ground, bucket, key }: OperationCall, error: unknown): unknown {
  if (error instanceof WaitedTooLong) return s3Error('SlowDown', {}, error);
  if (!(error instanceof SealpartError)) return error;
  // An upload that was refused, and could not be cleared away besides: it is the refusal that is the client's.
  const [first] = error.cause instanceof AggregateError ? error.cause.errors : [];
  if (!(first instanceof S3Error)) return error;
  ground.onTrouble?.(`An upload to ${bucket}/${key} is left behind`, error);
  return first;
}
