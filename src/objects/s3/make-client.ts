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

/** From this many bytes on, a body is sent only when the store has said that it wants it. */
const expectContinueBytes = 2 * 1024 * 1024;

const silent = () => {};
/** The SDK writes warnings to the console of whoever gives it no logger. */
const silentLogger = { trace: silent, debug: silent, info: silent, warn: silent, error: silent };

/** A client that sends each request once, computes no checksum, and goes nowhere but to the host it was given. */
export function makeClient(options: ClientOptions, region: string): S3Client {
  const { location, forcePathStyle, requestHandler, credentials, profile } = options;
  const config: S3ClientConfig = {
    region,
    forcePathStyle,
    requestHandler,
    ...(location.endpoint === undefined ? {} : { endpoint: location.endpoint.href }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(profile === undefined ? {} : { profile }),
    maxAttempts: 1,
    retryMode: 'standard',
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    followRegionRedirects: false,
    ignoreConfiguredEndpointUrls: true,
    disableS3ExpressSessionAuth: true,
    expectContinueHeader: expectContinueBytes,
    logger: silentLogger,
    customUserAgent: 'sealpart',
  };
  // Handed on to what reads the configuration files: credentials that were renewed there count when they are refreshed.
  return new S3Client({ ...config, ...{ ignoreCache: true } });
}
