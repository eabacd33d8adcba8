import { s3Error } from '../errors/s3-error.ts';
import { canonicalRequests, withoutSecrets } from './canonical-request.ts';
import { queryParameters, splitTarget } from './canonical-uri.ts';
import { type Claimed, claimInHeader, claimInQuery } from './claimed-signature.ts';
import { claimsInQuery, claimsVersion2, hoistedHeaders, type Parameters } from './presigned-query.ts';
import { type HeaderField, headerValues, type RawRequest } from './raw-request.ts';
import { checkSignedHeaders, singleHeader } from './signed-headers.ts';
import { defaultPayloadHash, parseSignedPayload, type SignedPayload } from './signed-payload.ts';
import { type ChunkSeed, equalSignature, formatScope, sha256Hex, sign } from './signing-key.ts';
import { SigningKeys } from './signing-keys.ts';

/** Against what signatures are checked. */
export interface SignatureRules {
  /** The secret of an access key; undefined if there is no such key. */
  findSecret(accessKeyId: string): string | undefined;
  /** The regions that a signature may be for, the first one's name being told to who asks for another. None: any. */
  readonly regions?: readonly string[];
  /** Where signing keys are kept between requests. None: each is derived anew. */
  readonly signingKeys?: SigningKeys;
}

/** A request whose signature was checked, and what it says of the body, which was not. */
export interface Verified {
  readonly accessKeyId: string;
  readonly payload: SignedPayload;
  readonly presigned: boolean;
  /** x-amz- headers that stand in a presigned URL, names in lower case: they hold as if they had been sent. */
  readonly hoistedHeaders: readonly HeaderField[];
  /** With what the signatures of chunks begin. */
  readonly seed: ChunkSeed;
}

/** A request's target in its parts. */
interface Target {
  readonly path: string;
  readonly parameters: Parameters;
}

/** What is signed with for a key that does not exist, so that the answer does not come sooner than for a wrong one. */
const nobodysSecret = 'there is no such access key: forty bytes';

/** True for a request that does not say who it is from. Whether it is answered is for others to decide. */
export function isAnonymous(request: RawRequest): boolean {
  if (headerValues(request, 'authorization').length > 0) return false;
  const { parameters } = readTarget(request);
  return !claimsInQuery(parameters) && !claimsVersion2(parameters);
}

/**
 * Checks a request's signature of version 4, in its headers or in its URL, over the bytes as they came.
 *
 * @param nowMs this clock's time in milliseconds since 1970.
 * @throws S3Error as S3 words it, whatever the request looks like. No error tells a secret or the signature that
 * would have been right.
 */
export function verifySignature(request: RawRequest, rules: SignatureRules, nowMs: number): Verified {
  checkCharacters([request.method, request.target, ...request.headers.flat()]);
  const target = readTarget(request);
  const authorization = singleHeader(request, 'authorization');
  singleHeader(request, 'host');
  const inQuery = claimsInQuery(target.parameters) || claimsVersion2(target.parameters);
  if (authorization !== undefined && inQuery) throw twoMechanisms();
  if (authorization === undefined && !inQuery) throw s3Error('AccessDenied');
  const claim =
    authorization === undefined
      ? claimInQuery(request, target.parameters, rules.regions, nowMs)
      : claimInHeader(request, authorization, rules.regions, nowMs);
  checkSignedHeaders(request, claim.signedHeaders);
  return compareSignature(request, target, claim, rules);
}

function compareSignature(request: RawRequest, target: Target, claim: Claimed, rules: SignatureRules): Verified {
  const hoisted = claim.presigned ? hoistedHeaders(target.parameters) : [];
  const everyHeader = { headers: [...request.headers, ...hoisted] };
  // Decoded from a URL they may hold what no header can, and be sent beside the header of their name.
  checkCharacters(hoisted.flat());
  for (const [name] of hoisted) singleHeader(everyHeader, name);
  const payloadHash = singleHeader(everyHeader, 'x-amz-content-sha256');
  const payload = parseSignedPayload(payloadHash, claim.presigned);
  const { credential, date, signature } = claim;
  const secret = rules.findSecret(credential.accessKeyId) || undefined;
  const { signingKeys = new SigningKeys() } = rules;
  const signingKey = signingKeys.get(secret ?? nobodysSecret, credential);
  const scope = formatScope(credential);
  const canonical = canonicalRequests({
    ...request,
    ...target,
    signedHeaders: claim.signedHeaders,
    payloadHash: payloadHash ?? defaultPayloadHash,
  });
  const stringsToSign = (canonical ?? ['']).map(
    (text) => `AWS4-HMAC-SHA256\n${date.timestamp}\n${scope}\n${sha256Hex(text)}`,
  );
  // All of them are computed: which one is right must not show in the time.
  const matches = stringsToSign.map((text) => equalSignature(sign(signingKey, text), signature));
  if (secret === undefined) throw s3Error('InvalidAccessKeyId', { AWSAccessKeyId: credential.accessKeyId });
  if (canonical === undefined || !matches.includes(true)) {
    throw s3Error('SignatureDoesNotMatch', {
      AWSAccessKeyId: credential.accessKeyId,
      StringToSign: stringsToSign[0]!,
      SignatureProvided: /^[\x21-\x7e]{1,128}$/.test(signature) ? signature : undefined,
      CanonicalRequest: withoutSecrets(canonical?.[0] ?? ''),
    });
  }
  return {
    accessKeyId: credential.accessKeyId,
    payload,
    presigned: claim.presigned,
    hoistedHeaders: hoisted,
    seed: { signingKey, timestamp: date.timestamp, scope, signature },
  };
}

/** More than one byte a character is nothing that came over a wire: it would be signed as something else. */
function checkCharacters(texts: readonly string[]): void {
  if (texts.some((text) => /[^\t\x20-\xff]/.test(text))) {
    throw s3Error('InvalidRequest', { message: 'The request has characters that no request can have.' });
  }
}

function readTarget({ target }: RawRequest): Target {
  const halves = splitTarget(target);
  if (halves === undefined) throw s3Error('InvalidURI');
  return { path: halves.path, parameters: queryParameters(halves.query) };
}

function twoMechanisms(): Error {
  return s3Error('InvalidArgument', {
    message:
      'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified',
    ArgumentName: 'Authorization',
  });
}
