import { type S3Error, s3Error } from '../errors/s3-error.ts';
import { type Credential, parseCredential } from './credential.ts';
import { parseSignedHeaders } from './signed-headers.ts';

/** What an Authorization header or a presigned URL claims. Nothing of it is proven. */
export interface SignatureClaim {
  readonly credential: Credential;
  /** In lower case, sorted, each once, `host` among them or not. */
  readonly signedHeaders: readonly string[];
  /** As it was given: any text. */
  readonly signature: string;
}

/** The one way to sign that is spoken here. */
export const signatureAlgorithm = 'AWS4-HMAC-SHA256';

/** More of a header than this is not repeated in an error: it may be a secret of something else. */
const longestEcho = 64;

/** The error for an Authorization header that is wrong in itself. */
export function malformedAuthorization(fault: string, fields: Readonly<Record<string, string>> = {}): S3Error {
  return s3Error('AuthorizationHeaderMalformed', {
    message: `The authorization header is malformed; ${fault}`,
    ...fields,
  });
}

/**
 * Reads `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`.
 *
 * @throws S3Error AuthorizationHeaderMalformed, InvalidArgument or InvalidRequest.
 */
export function parseAuthorization(header: string): SignatureClaim {
  const space = header.indexOf(' ');
  if (space < 0) {
    throw s3Error('InvalidArgument', {
      message: "Authorization header is invalid -- one and only one ' ' (space) required.",
      ArgumentName: 'Authorization',
      ArgumentValue: header.slice(0, longestEcho),
    });
  }
  checkAlgorithm(header.slice(0, space));
  const components = header.slice(space + 1).split(',');
  if (components.length !== 3) {
    throw malformedAuthorization(
      'the authorization header requires three components: Credential, SignedHeaders, and Signature.',
    );
  }
  const values = new Map(components.map((component) => parseComponent(component.trim())));
  const value = (name: string): string => {
    const found = values.get(name);
    if (found === undefined) throw malformedAuthorization(`missing ${name}.`);
    return found;
  };
  const [credential, signedHeaders, signature] = [value('Credential'), value('SignedHeaders'), value('Signature')];
  return {
    credential: parseCredential(credential, malformedAuthorization),
    signedHeaders: parseSignedHeaders(signedHeaders, malformedAuthorization),
    signature,
  };
}

function checkAlgorithm(algorithm: string): void {
  if (algorithm === signatureAlgorithm) return;
  // `AWS` alone is version 2, which signs with SHA-1.
  if (algorithm === 'AWS') throw unsupportedMechanism();
  throw s3Error('InvalidArgument', {
    message: 'Unsupported Authorization Type',
    ArgumentName: 'Authorization',
    ArgumentValue: algorithm.slice(0, longestEcho),
  });
}

/** The error for signatures of version 2. */
export function unsupportedMechanism(): S3Error {
  return s3Error('InvalidRequest', {
    message: `The authorization mechanism you have provided is not supported. Please use ${signatureAlgorithm}.`,
  });
}

function parseComponent(component: string): readonly [name: string, value: string] {
  const match = /^([^=]+)=([^=]+)$/.exec(component);
  if (match === null) {
    throw malformedAuthorization(`the authorization component "${component.slice(0, longestEcho)}" is malformed.`);
  }
  return [match[1]!, match[2]!];
}
