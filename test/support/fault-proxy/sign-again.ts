import { createHash, createHmac } from 'node:crypto';
import { changeHeaders, type Head } from './http-head.ts';

export interface SigningCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
}

/**
 * The same head, signed again (SigV4) for what it is now. Of the headers that were signed, those that are still there
 * are signed; the body is not.
 *
 * @throws Error if the head carries no signature
 */
export function signAgain(head: Head, { accessKeyId, secretAccessKey, region }: SigningCredentials): Head {
  const signed = /SignedHeaders=([^,\s]+)/.exec(head.headers.get('authorization') ?? '')?.[1]?.split(';');
  const date = head.headers.get('x-amz-date');
  if (signed === undefined || date === undefined) throw new Error('Only a request that is signed can be signed again.');
  const unsigned = changeHeaders(head, { authorization: null, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' });
  const names = signed.filter((name) => unsigned.headers.has(name)).sort();
  const [method, target] = head.firstLine.split(' ') as [string, string];
  const [path, search = ''] = target.split('?') as [string, string?];
  const query = search
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => (pair.includes('=') ? pair : `${pair}=`))
    .sort();
  const lines = names.map((name) => `${name}:${unsigned.headers.get(name)!.replace(/\s+/g, ' ')}\n`);
  const canonical = [method, path, query.join('&'), lines.join(''), names.join(';'), 'UNSIGNED-PAYLOAD'].join('\n');
  const day = date.slice(0, 8);
  const scope = `${day}/${region}/s3/aws4_request`;
  const digest = createHash('sha256').update(canonical).digest('hex');
  const key = [day, region, 's3', 'aws4_request'].reduce<Buffer | string>(mac, `AWS4${secretAccessKey}`);
  const signature = mac(key, ['AWS4-HMAC-SHA256', date, scope, digest].join('\n')).toString('hex');
  const credential = `Credential=${accessKeyId}/${scope}`;
  const authorization = `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return changeHeaders(unsigned, { Authorization: authorization });
}

function mac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
