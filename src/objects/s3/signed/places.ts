import { HeadObjectCommand, ListBucketsCommand, type S3Client } from '@aws-sdk/client-s3';
import { getEndpointFromInstructions } from '@smithy/core/endpoints';

/** Where requests about a bucket, or the whole store, are sent, and for which region they are signed. */
export interface Place {
  readonly protocol: string;
  readonly hostname: string;
  readonly port: number | undefined;
  /** As the Host header has it. */
  readonly host: string;
  /** What stands before a key, without a slash at its end: escaped, and empty where the host names the bucket. */
  readonly basePath: string;
  readonly region: string;
}

/** So many buckets' places are remembered. */
const maxPlaces = 1000;

/** The places that the rules of AWS give for buckets: which of its hosts, and whether the host or the path names them. */
export class Places {
  readonly #places = new WeakMap<S3Client, Map<string, Place>>();

  /** @param bucket empty for the store itself. */
  async find(client: S3Client, bucket: string): Promise<Place> {
    return this.known(client, bucket) ?? (await this.#resolve(client, bucket));
  }

  /** What was found before. */
  known(client: S3Client, bucket: string): Place | undefined {
    return this.#places.get(client)?.get(bucket);
  }

  async #resolve(client: S3Client, bucket: string): Promise<Place> {
    const { url, properties } =
      bucket === ''
        ? await getEndpointFromInstructions({}, ListBucketsCommand, client.config)
        : await getEndpointFromInstructions({ Bucket: bucket }, HeadObjectCommand, client.config);
    const schemes = properties?.authSchemes as readonly { readonly signingRegion?: string }[] | undefined;
    const place: Place = {
      protocol: url.protocol,
      hostname: url.hostname,
      port: url.port === '' ? undefined : Number(url.port),
      host: url.host,
      basePath: url.pathname.replace(/\/+$/, ''),
      region: schemes?.[0]?.signingRegion ?? (await client.config.region()),
    };
    const places = this.#places.get(client) ?? new Map<string, Place>();
    this.#places.set(client, places);
    if (places.size >= maxPlaces) places.clear();
    places.set(bucket, place);
    return place;
  }
}
