import type { GatewayGround } from '../gateway-ground.ts';
import type { GatewayAnswer } from '../http/gateway-answer.ts';
import type { OperationCall } from '../operation-call.ts';
import { againIfReplaced } from '../reading/again-if-replaced.ts';
import { describeObject } from '../reading/describe-object.ts';
import { answerWith, judgeForeign, lengthOf } from '../reading/object-answer.ts';
import { type ObjectRequest, planAnswer, readObjectRequest } from '../reading/object-request.ts';
import { versionRequest } from '../reading/object-version.ts';

/** HeadObject: what GetObject would answer, without content. With a record it costs one request of the store. */
export async function headObject(call: OperationCall, signal: AbortSignal): Promise<GatewayAnswer> {
  const request = readObjectRequest(call);
  return againIfReplaced(() => answerHead(call.ground, request, signal));
}

async function answerHead(ground: GatewayGround, request: ObjectRequest, signal: AbortSignal): Promise<GatewayAnswer> {
  const head = await ground.store.head({ ...versionRequest(request.name), withTags: false }, signal);
  const described = await describeObject(ground, request.name, head, signal);
  judgeForeign(ground, described);
  const plan = planAnswer(request, described, head.lastModifiedMs);
  const answer = answerWith(ground, request, { head, described }, plan);
  if (plan.status === 304) return answer;
  return { ...answer, headers: [...answer.headers, ['Content-Length', String(lengthOf(plan, described))]] };
}
