import { PutObjectCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import { SealpartError } from '../../errors.ts';
import { checkAttributes } from '../attribute-limits.ts';
import { objectLabel } from '../directory/names.ts';
import type {
  BodyBytes,
  ObjectAttributes,
  ObjectName,
  StoredEtag,
  UploadName,
  WriteCondition,
} from '../object-store.ts';
import { checkPartNumber } from '../part-list.ts';
import { encodeTags } from './encode-tags.ts';
import { bareEtag } from './etag.ts';
import { checksumDiffers, type Failure, unreadableAnswer } from './failure.ts';
import { WireBody } from './http/wire-body.ts';
import { hashPayload, type Payload, payloadOf } from './payload.ts';
import { withPayloadHash } from './payload-header.ts';
import type { S3Ground } from './store-ground.ts';

interface WriteAnswer {
  readonly ETag?: string | undefined;
  readonly ChecksumCRC32?: string | undefined;
  readonly $metadata: { readonly requestId?: string | undefined };
}

/** Stores an object in one request. */
export async function putObject(
  ground: S3Ground,
  name: ObjectName,
  body: BodyBytes,
  attributes: ObjectAttributes,
  condition: WriteCondition,
  signal: AbortSignal,
): Promise<StoredEtag> {
  const label = objectLabel(name);
  checkAttributes(attributes, label);
  const payload = checkedPayload(ground, body, label, 'store');
  const tagging = encodeTags(attributes.tags);
  const input = {
    Bucket: name.bucket,
    Key: name.key,
    ...bodyInput(payload),
    ...(attributes.metadata === undefined ? {} : { Metadata: { ...attributes.metadata } }),
    ...(tagging === undefined ? {} : { Tagging: tagging }),
    ...(condition.ifNoneMatch === undefined ? {} : { IfNoneMatch: condition.ifNoneMatch }),
  };
  const hash = await payloadHash(ground, payload, signal);
  const answer = await ground.caller.run(signal, {
    doing: `store ${label}`,
    subject: name,
    changes: true,
    send: (client, abortSignal) => client.send(withPayloadHash(new PutObjectCommand(input), hash), { abortSignal }),
    refuse: (answer) => refuseWrite(answer, payload),
  });
  return { etag: bareEtag(answer.ETag!) };
}

/** Stores a part of an upload, or stores it again. */
export async function putPart(
  ground: S3Ground,
  upload: UploadName,
  partNumber: number,
  body: BodyBytes,
  signal: AbortSignal,
): Promise<StoredEtag> {
  const { bucket, key, uploadId } = upload;
  checkPartNumber(partNumber, ground.limits.maxParts, objectLabel(upload));
  const label = `part ${partNumber} of ${objectLabel(upload)}`;
  const payload = checkedPayload(ground, body, label, 'invalid-part');
  const input = { Bucket: bucket, Key: key, UploadId: uploadId, PartNumber: partNumber, ...bodyInput(payload) };
  const hash = await payloadHash(ground, payload, signal);
  const answer = await ground.caller.run(signal, {
    doing: `store ${label}`,
    subject: { bucket, key, uploadId },
    changes: true,
    send: (client, abortSignal) => client.send(withPayloadHash(new UploadPartCommand(input), hash), { abortSignal }),
    refuse: (answer) => refuseWrite(answer, payload),
  });
  const etag = bareEtag(answer.ETag!);
  if (payload.crc32 !== undefined) ground.checksums.note(uploadId, partNumber, etag, payload.crc32);
  return { etag };
}

function checkedPayload(ground: S3Ground, body: BodyBytes, label: string, code: 'invalid-part' | 'store'): Payload {
  const payload = payloadOf(body, ground.limits.checksums);
  if (payload.sizeBytes <= ground.limits.maxPartBytes) return payload;
  const most = `${ground.limits.maxPartBytes} is the most (EntityTooLarge)`;
  throw new SealpartError(code, `${label} cannot be stored: it has ${payload.sizeBytes} bytes, and ${most}.`);
}

function bodyInput(payload: Payload): { Body: Uint8Array; ContentLength: number; ChecksumCRC32?: string } {
  return {
    // The SDK knows no such body, and hands it to the request handler as it is.
    Body: new WireBody(payload.pieces) as unknown as Uint8Array,
    ContentLength: payload.sizeBytes,
    ...(payload.crc32 === undefined ? {} : { ChecksumCRC32: payload.crc32 }),
  };
}

async function payloadHash(ground: S3Ground, payload: Payload, signal: AbortSignal): Promise<string> {
  return ground.signsPayload ? await hashPayload(payload.pieces, signal) : 'UNSIGNED-PAYLOAD';
}

/** A store may answer 200 and hold something else: what it says of what it holds is compared, where it says it. */
function refuseWrite(answer: WriteAnswer, payload: Payload): Failure | undefined {
  const { ETag, ChecksumCRC32, $metadata } = answer;
  const base = {
    status: 200,
    headers: {},
    ...($metadata.requestId === undefined ? {} : { requestId: $metadata.requestId }),
  };
  if (bareEtag(ETag ?? '') === '') return { ...base, code: unreadableAnswer, message: 'it told no ETag' };
  if (payload.crc32 === undefined || ChecksumCRC32 === undefined || ChecksumCRC32 === payload.crc32) return undefined;
  const message = `it holds bytes with the CRC-32 ${ChecksumCRC32}, and was sent bytes with ${payload.crc32}`;
  return { ...base, code: checksumDiffers, message };
}
