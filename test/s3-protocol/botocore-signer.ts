import { spawnSync } from 'node:child_process';
import type { HeaderField, RawRequest } from '../../src/s3-protocol/signature/raw-request.ts';
import { accessKeyId, host, region, secretAccessKey } from './sdk-signer.ts';

/** A request for botocore to sign. */
export interface BotoRequest {
  readonly method: string;
  /** Path and query, encoded as they are to go over the wire. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
}

const script = `
import json, sys
from urllib.parse import urlsplit
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

job = json.load(sys.stdin)
credentials = Credentials(job["accessKeyId"], job["secret"])
signers = [S3SigV4Auth(credentials, "s3", job["region"]), S3SigV4QueryAuth(credentials, "s3", job["region"], expires=900)]
done = []
for plain in job["requests"]:
    for signer in signers:
        request = AWSRequest(plain["method"], "http://" + job["host"] + plain["target"], headers=plain["headers"])
        signer.add_auth(request)
        parts = urlsplit(request.url)
        target = parts.path + ("?" + parts.query if parts.query else "")
        done.append({"method": plain["method"], "target": target, "headers": [[k, str(v)] for k, v in request.headers.items()]})
json.dump(done, sys.stdout)
`;

/** False where there is no Python with botocore: its tests are skipped there. */
export const botocoreIsHere: boolean = spawnSync('python3', ['-c', 'import botocore.auth']).status === 0;

/** Signs each request in its headers, then in its URL, at the time of this machine's clock. */
export function signedByBotocore(requests: readonly BotoRequest[]): RawRequest[] {
  const input = JSON.stringify({ accessKeyId, secret: secretAccessKey, region, host, requests });
  const { stdout, stderr, status } = spawnSync('python3', ['-c', script], { input, encoding: 'utf8' });
  if (status !== 0) throw new Error(`botocore did not sign: ${stderr}`);
  const signed = JSON.parse(stdout) as { method: string; target: string; headers: HeaderField[] }[];
  return signed.map((request) => ({ ...request, headers: [['Host', host], ...request.headers] }));
}
