import type { ListedBucket } from '../../objects/bucket-store.ts';
import { readMaxBuckets } from '../../s3-protocol/routes/query-values.ts';
import { writeListBuckets } from '../../s3-protocol/xml/write-listings.ts';
import type { GatewayAnswer } from '../http/gateway-answer.ts';
import type { OperationCall } from '../operation-call.ts';
import { xmlAnswer } from './xml-answer.ts';

/** Buckets that the access key may know of, ascending by name. */
export async function listBuckets(call: OperationCall, signal: AbortSignal): Promise<GatewayAnswer> {
  const { ground, route } = call;
  const { query } = route.target;
  const prefix = query.get('prefix') ?? '';
  const region = query.get('bucket-region');
  const limit = readMaxBuckets(query);
  // A name is all that a token needs to say, and names are no secret of whoever lists them.
  let startAfter = query.get('continuation-token');
  const buckets: ListedBucket[] = [];
  let isTruncated = false;
  for (;;) {
    const from = startAfter === undefined ? {} : { startAfter };
    const page = await ground.store.listBuckets({ prefix, ...from }, signal);
    const visible = page.buckets.filter(({ name }) => call.seesBucket(name));
    const room = limit - buckets.length;
    buckets.push(...visible.slice(0, room));
    isTruncated = visible.length > room;
    if (isTruncated || page.next === undefined) break;
    startAfter = page.next;
  }
  const isHere = region === undefined || region === ground.region;
  return xmlAnswer(
    writeListBuckets({
      owner: ground.owner,
      buckets: isHere ? buckets.map((bucket) => ({ ...bucket, region: ground.region })) : [],
      ...(prefix === '' ? {} : { prefix }),
      ...(isTruncated && isHere ? { continuationToken: buckets.at(-1)!.name } : {}),
    }),
  );
}
