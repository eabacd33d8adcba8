import { isScopeDate } from './amz-date.ts';
import type { CredentialScope } from './signing-key.ts';

/** Who signed, and with the key of which day and region. */
export interface Credential extends CredentialScope {
  readonly accessKeyId: string;
}

/**
 * Reads `AKID/20130524/us-east-1/s3/aws4_request`.
 *
 * @param refuse makes the error of what is wrong, which S3 words differently for headers and for URLs.
 */
export function parseCredential(text: string, refuse: (fault: string) => Error): Credential {
  const parts = text.split('/');
  const [accessKeyId, date, region, service, terminal] = parts;
  if (parts.length !== 5 || !accessKeyId || !region || !/^[\x21-\x7e]*$/.test(text)) {
    throw refuse('the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".');
  }
  if (service !== 's3') throw refuse(`incorrect service "${service}". This endpoint belongs to "s3".`);
  if (terminal !== 'aws4_request') {
    throw refuse(`incorrect terminal "${terminal}". This endpoint uses "aws4_request".`);
  }
  if (!isScopeDate(date!)) {
    throw refuse(`incorrect date format "${date}". This date in the credential must be in the format "yyyyMMdd".`);
  }
  return { accessKeyId, date: date!, region };
}
