import { copyBytes } from '../../flow/copy-bytes.ts';
import { freeBytes } from '../../flow/free-bytes.ts';
import type { ReadPlan } from '../../s3-protocol/conditions/read-conditions.ts';
import { s3Error } from '../../s3-protocol/errors/s3-error.ts';
import type { GatewayGround } from '../gateway-ground.ts';
import type { GatewayAnswer, StreamedBody } from '../http/gateway-answer.ts';
import { objectHeaders, type ToldObject } from './answer-headers.ts';
import type { DescribedObject } from './described-object.ts';
import type { HeldMemory } from './heap-budget.ts';
import type { ObjectRequest } from './object-request.ts';
import { HeldContent, type StreamedContent } from './streamed-content.ts';

/** Content up to so much goes to the kernel at once, whoever reads it: it is not held until it was sent. */
const unheldBytes = 4096;

/** The bytes of content that an answer has. */
export function lengthOf(plan: ReadPlan, { sizeBytes }: DescribedObject): number {
  if (plan.status === 304) return 0;
  return plan.status === 200 ? sizeBytes : plan.range.last - plan.range.first + 1;
}

export function answerWith(
  ground: GatewayGround,
  request: ObjectRequest,
  told: ToldObject,
  plan: ReadPlan,
  body?: Uint8Array | StreamedBody,
): GatewayAnswer {
  const headers = objectHeaders(ground, request, told, plan);
  return body === undefined ? { status: plan.status, headers } : { status: plan.status, headers, body };
}

/** Content that is at hand, and the memory that is held for it until it was sent. */
export interface HeldBytes {
  readonly content: Uint8Array;
  readonly held: HeldMemory;
}

/** The answer with content that is at hand. */
export function answerAtHand(
  ground: GatewayGround,
  request: ObjectRequest,
  told: ToldObject,
  plan: ReadPlan,
  { content, held }: HeldBytes,
): GatewayAnswer {
  if (plan.status === 304) {
    held.release();
    return answerWith(ground, request, told, plan);
  }
  const bytes = plan.status === 200 ? content : content.subarray(plan.range.first, plan.range.last + 1);
  return answerWith(ground, request, told, plan, heldBody(bytes, { content, held }));
}

/**
 * A body that is at hand: all of the content, or a part of it. What is little is handed over in memory of its own, and no
 * longer held.
 */
export function heldBody(bytes: Uint8Array, { content, held }: HeldBytes): Uint8Array | StreamedBody {
  if (bytes.length > unheldBytes) return new HeldContent(bytes, content, held);
  const given = bytes.length === content.length ? bytes : new Uint8Array(bytes);
  if (given !== bytes) freeBytes(content);
  held.release();
  return given;
}

/** The whole of a body that is made while it is sent, of which the memory is held already. */
export async function collected(body: StreamedContent, signal: AbortSignal): Promise<Uint8Array> {
  const bytes = new Uint8Array(body.lengthBytes);
  let filled = 0;
  const write = async (piece: Uint8Array): Promise<void> => {
    copyBytes(piece, bytes, filled);
    filled += piece.length;
  };
  await body.send({ write }, signal);
  return bytes;
}

/**
 * Refuses an object that is no stream of ours, unless such objects are served as they are.
 *
 * The code is one that S3 gives for objects that are there and cannot be read as they are: clients take it for a fact
 * about the object, and neither try again, as after a 500, nor look for a policy that denies, as after AccessDenied.
 *
 * @throws S3Error InvalidObjectState
 */
export function judgeForeign({ plaintext }: GatewayGround, { kind }: DescribedObject): void {
  if (kind === 'sealed' || plaintext === 'pass') return;
  const message =
    'The object was not stored through this gateway: it is not encrypted, and plaintext objects are not served.';
  throw s3Error('InvalidObjectState', { message });
}
