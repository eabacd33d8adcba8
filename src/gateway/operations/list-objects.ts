import type { KeyPage, KeyPosition, ListedKey } from '../../objects/bucket-store.ts';
import { s3Error } from '../../s3-protocol/errors/s3-error.ts';
import { isReservedKey } from '../../s3-protocol/routes/names.ts';
import { readEncodingType, readLimit } from '../../s3-protocol/routes/query-values.ts';
import type { ListedObject } from '../../s3-protocol/xml/listed-elements.ts';
import { writeListObjects, writeListObjectsV2 } from '../../s3-protocol/xml/write-listings.ts';
import type { GatewayAnswer } from '../http/gateway-answer.ts';
import type { OperationCall } from '../operation-call.ts';
import { describeListed } from '../reading/describe-listed.ts';
import { listedChecksums } from './listed-checksums.ts';
import { xmlAnswer } from './xml-answer.ts';

/** A page of keys, with what clients may see of it. */
interface VisiblePage {
  readonly objects: readonly ListedObject[];
  readonly commonPrefixes: readonly string[];
  readonly next: KeyPage['next'];
}

/** What both versions of the listing ask for. */
interface Listing {
  readonly prefix: string;
  readonly delimiter: string | undefined;
  readonly limit: number;
  readonly withOwner: boolean;
}

function readListing({ route }: OperationCall, withOwner: boolean): Listing {
  const { query } = route.target;
  const delimiter = query.get('delimiter') || undefined;
  return { prefix: query.get('prefix') ?? '', delimiter, limit: readLimit(query, 'max-keys'), withOwner };
}

/** ListObjects: pages go on after a marker. */
export async function listObjects(call: OperationCall, signal: AbortSignal): Promise<GatewayAnswer> {
  const { query } = call.route.target;
  const listing = readListing(call, true);
  const encoding = readEncodingType(query);
  const marker = query.get('marker') ?? '';
  const page = await visiblePage(call, listing, marker === '' ? undefined : { kind: 'marker', marker }, signal);
  const isTruncated = page.next !== undefined;
  // Without a delimiter clients go on after the last key, unless there is none that they may see.
  const tellsNext = isTruncated && (listing.delimiter !== undefined || page.objects.length === 0);
  return xmlAnswer(
    writeListObjects({
      ...shared(call, listing, page),
      encoding,
      marker,
      nextMarker: tellsNext ? page.next?.marker : undefined,
    }),
  );
}

/** ListObjectsV2: pages go on by a token. */
export async function listObjectsV2(call: OperationCall, signal: AbortSignal): Promise<GatewayAnswer> {
  const { query } = call.route.target;
  const listing = readListing(call, query.get('fetch-owner') === 'true');
  const encoding = readEncodingType(query);
  const startAfter = query.get('start-after');
  const token = query.get('continuation-token');
  const page = await visiblePage(call, listing, positionOf(token, startAfter), signal);
  return xmlAnswer(
    writeListObjectsV2({
      ...shared(call, listing, page),
      encoding,
      startAfter,
      continuationToken: token,
      nextContinuationToken: page.next?.token,
    }),
  );
}

function positionOf(token: string | undefined, startAfter: string | undefined): KeyPosition | undefined {
  if (token === '') {
    const message = 'The continuation token provided is incorrect';
    throw s3Error('InvalidArgument', { message, ArgumentName: 'continuation-token', ArgumentValue: token });
  }
  if (token !== undefined) return { kind: 'token', token };
  return startAfter === undefined || startAfter === '' ? undefined : { kind: 'after', key: startAfter };
}

function shared({ bucket }: OperationCall, { prefix, delimiter, limit }: Listing, page: VisiblePage) {
  const { objects, commonPrefixes } = page;
  return { bucket, prefix, delimiter, maxKeys: limit, isTruncated: page.next !== undefined, objects, commonPrefixes };
}

async function visiblePage(
  { ground, bucket }: OperationCall,
  { prefix, delimiter, limit, withOwner }: Listing,
  from: KeyPosition | undefined,
  signal: AbortSignal,
): Promise<VisiblePage> {
  const page = await ground.store.listKeys({ bucket, prefix, delimiter, from, limit }, signal);
  const listed = page.objects.filter(({ key }) => !isReservedKey(key));
  const described = await describeListed(ground, bucket, listed, signal);
  return {
    objects: described.map((known, i) => listedObject(listed[i]!, known, withOwner ? ground.owner : undefined)),
    commonPrefixes: page.commonPrefixes.filter((common) => !isReservedKey(common)),
    next: page.next,
  };
}

function listedObject(
  { key, lastModifiedMs, storageClass = 'STANDARD' }: ListedKey,
  { etag, sizeBytes, checksumAlgorithms }: Pick<ListedObject, 'etag' | 'sizeBytes' | 'checksumAlgorithms'>,
  owner: ListedObject['owner'],
): ListedObject {
  return {
    key,
    lastModifiedMs,
    storageClass,
    etag,
    sizeBytes,
    ...listedChecksums(checksumAlgorithms),
    ...(owner === undefined ? {} : { owner }),
  };
}
