import type { Route } from '../s3-protocol/routes/route-request.ts';
import type { Verified } from '../s3-protocol/signature/verify-signature.ts';
import type { GatewayGround } from './gateway-ground.ts';
import type { GatewayAnswer } from './http/gateway-answer.ts';
import type { GatewayRequest } from './http/gateway-request.ts';

/** A request that may be carried out: its signature was checked, and its access key is good for it. */
export interface OperationCall {
  readonly ground: GatewayGround;
  readonly request: GatewayRequest;
  /** `route.headers` are those of the request and of its presigned URL: read these, not the request's own. */
  readonly route: Route;
  /** Undefined for a request without a signature, where such are allowed. */
  readonly verified: Verified | undefined;
  /** Empty for the service itself. */
  readonly bucket: string;
  /** Empty for a bucket. */
  readonly key: string;
  /** True if the access key may do so much with this key of this bucket. */
  allows(access: 'read' | 'write' | 'admin', bucket: string, key?: string): boolean;
  /** True if it may be told of all objects of a bucket whose keys begin so. */
  allowsListing(bucket: string, prefix: string): boolean;
  seesBucket(bucket: string): boolean;
}

/** Carries out an operation. Throws S3Error, or what toS3Error translates. */
export type OperationHandler = (call: OperationCall, signal: AbortSignal) => Promise<GatewayAnswer>;
