import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Paths of PEM files. */
export interface Certificate {
  readonly certificatePath: string;
  readonly keyPath: string;
}

/** Makes a certificate for localhost and 127.0.0.1 that signs itself, by the system's openssl. */
export async function makeCertificate(
  folder: string,
  names: { readonly certificate: string; readonly key: string } = { certificate: 'public.crt', key: 'private.key' },
): Promise<Certificate> {
  const certificatePath = join(folder, names.certificate);
  const keyPath = join(folder, names.key);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyPath];
  const hosts = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  await promisify(execFile)('openssl', ['req', '-x509', '-days', '2', ...key, ...hosts, '-out', certificatePath]);
  return { certificatePath, keyPath };
}
