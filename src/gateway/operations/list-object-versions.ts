import { s3Error } from '../../s3-protocol/errors/s3-error.ts';
import { isReservedKey } from '../../s3-protocol/routes/names.ts';
import { readEncodingType, readVersionLimit } from '../../s3-protocol/routes/query-values.ts';
import { type ListedVersion, writeListObjectVersions } from '../../s3-protocol/xml/write-listings.ts';
import type { GatewayAnswer } from '../http/gateway-answer.ts';
import type { OperationCall } from '../operation-call.ts';
import { describeListed } from '../reading/describe-listed.ts';
import { listedChecksums } from './listed-checksums.ts';
import { xmlAnswer } from './xml-answer.ts';

/** ListObjectVersions: versions and marks of deletion, with what clients may see of them. */
export async function listObjectVersions(call: OperationCall, signal: AbortSignal): Promise<GatewayAnswer> {
  const { ground, bucket, route } = call;
  const { query } = route.target;
  const encoding = readEncodingType(query);
  const limit = readVersionLimit(query);
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') || undefined;
  const keyMarker = query.get('key-marker') ?? '';
  const versionIdMarker = query.get('version-id-marker');
  checkMarkers(keyMarker, versionIdMarker);
  const page = await ground.store.listVersions(
    {
      bucket,
      prefix,
      delimiter,
      keyMarker: keyMarker === '' ? undefined : keyMarker,
      versionIdMarker,
      limit,
    },
    signal,
  );
  const visible = page.versions.filter(({ key }) => !isReservedKey(key));
  const objects = visible.flatMap((version) => (version.deleteMarker === true ? [] : [version]));
  const described = (await describeListed(ground, bucket, objects, signal)).values();
  const versions = visible.map((version): ListedVersion => {
    const { key, versionId, isLatest, lastModifiedMs } = version;
    const common = { key, versionId, isLatest, lastModifiedMs, owner: ground.owner };
    if (version.deleteMarker === true) return { ...common, isDeleteMarker: true };
    const { etag, sizeBytes, checksumAlgorithms } = described.next().value!;
    const storageClass = version.storageClass ?? 'STANDARD';
    return { ...common, etag, sizeBytes, storageClass, ...listedChecksums(checksumAlgorithms) };
  });
  return xmlAnswer(
    writeListObjectVersions({
      bucket,
      prefix,
      delimiter,
      encoding,
      maxKeys: limit,
      isTruncated: page.next !== undefined,
      commonPrefixes: page.commonPrefixes.filter((common) => !isReservedKey(common)),
      versions,
      keyMarker,
      versionIdMarker: versionIdMarker ?? '',
      nextKeyMarker: page.next?.keyMarker,
      nextVersionIdMarker: page.next?.versionIdMarker,
    }),
  );
}

function checkMarkers(keyMarker: string, versionIdMarker: string | undefined): void {
  if (versionIdMarker === undefined || versionIdMarker === '' || keyMarker !== '') return;
  const message = 'A version-id marker cannot be specified without a key marker.';
  throw s3Error('InvalidArgument', { message, ArgumentName: 'version-id-marker', ArgumentValue: versionIdMarker });
}
