import { isAnonymous, type Verified, verifySignature } from '../s3-protocol/signature/verify-signature.ts';
import type { AccessKeys } from './access/access-keys.ts';
import type { GatewayRequest } from './http/gateway-request.ts';

export interface AuthenticationRules {
  readonly accessKeys: AccessKeys;
  /** The region that signatures must be for. */
  readonly region: string;
  /** Milliseconds since 1970. */
  clock(): number;
}

/**
 * Who a request is from, before anything else in it is believed: undefined if it does not say.
 *
 * @throws S3Error as verifySignature
 */
export function authenticate(request: GatewayRequest, rules: AuthenticationRules): Verified | undefined {
  if (isAnonymous(request)) return undefined;
  const { accessKeys, region } = rules;
  const { signingKeys } = accessKeys;
  const findSecret = (id: string) => accessKeys.findSecret(id);
  return verifySignature(request, { findSecret, regions: [region], signingKeys }, rules.clock());
}
