import { readFileSync } from 'node:fs';

/** PEM of a certificate for `localhost` that signs itself. */
export const localhostCertificate: string = readFileSync(new URL('localhost-cert.pem', import.meta.url), 'utf8');
export const localhostKey: string = readFileSync(new URL('localhost-key.pem', import.meta.url), 'utf8');
