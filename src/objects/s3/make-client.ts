import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { StoreLocation } from './store-location.ts';

/** Credentials as they are, or who gives them. */
export type S3Credentials = NonNullable<S3ClientConfig['credentials']>;

export interface ClientOptions {
  readonly location: StoreLocation;
  readonly forcePathStyle: boolean;
  readonly requestHandler: NonNullable<S3ClientConfig['requestHandler']>;
  readonly credentials?: S3Credentials | undefined;
  readonly profile?: string | undefined;
}

const silent = () => {};
/** The SDK writes warnings to the console of whoever gives it no logger. */
const silentLogger = { trace: silent, debug: silent, info: silent, warn: silent, error: silent };

/**
 * A client of the SDK, for what it finds out: credentials, and which host a bucket's requests go to by the rules of AWS.
 * It goes nowhere but to the endpoint it was given, and sends nothing itself.
 */
export function makeClient(options: ClientOptions, region: string): S3Client {
  const { location, forcePathStyle, requestHandler, credentials, profile } = options;
  const config: S3ClientConfig = {
    region,
    forcePathStyle,
    requestHandler,
    ...(location.endpoint === undefined ? {} : { endpoint: location.endpoint.href }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(profile === undefined ? {} : { profile }),
    ignoreConfiguredEndpointUrls: true,
    disableS3ExpressSessionAuth: true,
    logger: silentLogger,
  };
  // Handed on to what reads the configuration files: credentials that were renewed there count when they are refreshed.
  return new S3Client({ ...config, ...{ ignoreCache: true } });
}
