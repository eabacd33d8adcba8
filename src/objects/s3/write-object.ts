import { SealpartError } from '../../errors.ts';
import { checkAttributes } from '../attribute-limits.ts';
import { objectLabel } from '../directory/names.ts';
import type {
  BodyBytes,
  ObjectAttributes,
  ObjectName,
  StoredEtag,
  StoredObject,
  UploadName,
  WriteCondition,
} from '../object-store.ts';
import { checkPartNumber } from '../part-list.ts';
import { conditionHeaders } from './condition-headers.ts';
import { bareEtag } from './etag.ts';
import { checksumDiffers } from './failure.ts';
import { WireBody } from './http/wire-body.ts';
import { attributeHeaders } from './object-headers.ts';
import { hashPayload, type Payload, payloadOf } from './payload.ts';
import { versionOf } from './read-head.ts';
import { RefusedAnswer } from './signed/refused-answer.ts';
import { dropBody, type StoreAnswer, unreadable } from './signed/store-answer.ts';
import type { S3Ground } from './store-ground.ts';

/** Stores an object in one request. */
export async function putObject(
  ground: S3Ground,
  name: ObjectName,
  body: BodyBytes,
  attributes: ObjectAttributes,
  condition: WriteCondition,
  signal: AbortSignal,
): Promise<StoredObject> {
  const { bucket, key } = name;
  const label = objectLabel(name);
  checkAttributes(attributes, label);
  const payload = checkedPayload(ground, body, label, 'store');
  const headers = {
    ...attributeHeaders(attributes, label),
    ...checksumHeader(payload),
    ...conditionHeaders(condition),
  };
  const payloadHash = await hashOf(ground, payload, signal);
  return await ground.caller.run<StoredObject>(signal, {
    doing: `store ${label}`,
    subject: name,
    changes: true,
    request: { method: 'PUT', bucket, key, headers, body: new WireBody(payload.pieces), payloadHash },
    read: async (answer) => ({ etag: await storedEtag(answer, payload), ...versionOf(answer.headers) }),
  });
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
  const query = { partNumber: `${partNumber}`, uploadId };
  const headers = checksumHeader(payload);
  const payloadHash = await hashOf(ground, payload, signal);
  const etag = await ground.caller.run(signal, {
    doing: `store ${label}`,
    subject: { bucket, key, uploadId },
    changes: true,
    request: { method: 'PUT', bucket, key, query, headers, body: new WireBody(payload.pieces), payloadHash },
    read: (answer) => storedEtag(answer, payload),
  });
  if (payload.crc32 !== undefined) ground.checksums.note(uploadId, partNumber, etag, payload.crc32);
  return { etag };
}

function checkedPayload(ground: S3Ground, body: BodyBytes, label: string, code: 'invalid-part' | 'store'): Payload {
  const payload = payloadOf(body, ground.limits.checksums);
  if (payload.sizeBytes <= ground.limits.maxPartBytes) return payload;
  const most = `${ground.limits.maxPartBytes} is the most (EntityTooLarge)`;
  throw new SealpartError(code, `${label} cannot be stored: it has ${payload.sizeBytes} bytes, and ${most}.`);
}

function checksumHeader({ crc32 }: Payload): Record<string, string> {
  return crc32 === undefined ? {} : { 'x-amz-checksum-crc32': crc32 };
}

async function hashOf(ground: S3Ground, payload: Payload, signal: AbortSignal): Promise<string> {
  return ground.signsPayload ? await hashPayload(payload.pieces, signal) : 'UNSIGNED-PAYLOAD';
}

/** A store may answer 200 and hold something else: what it says of what it holds is compared, where it says it. */
async function storedEtag(answer: StoreAnswer, payload: Payload): Promise<string> {
  await dropBody(answer);
  const { status, headers } = answer;
  const etag = bareEtag(headers.etag ?? '');
  if (etag === '') throw unreadable(answer, 'it told no ETag');
  const told = headers['x-amz-checksum-crc32'];
  if (payload.crc32 === undefined || told === undefined || told === payload.crc32) return etag;
  const message = `it holds bytes with the CRC-32 ${told}, and was sent bytes with ${payload.crc32}`;
  const requestId = headers['x-amz-request-id'];
  const id = requestId === undefined ? {} : { requestId };
  throw new RefusedAnswer({ status, code: checksumDiffers, message, headers, ...id });
}
