import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { SealpartError } from '../errors.ts';
import type { ReadConfig } from '../gateway/config/read-gateway-config.ts';
import { readSmallFile } from './gateway-small-file.ts';

/** PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

export interface ReadTls {
  readonly tls: TlsFiles | undefined;
  readonly warnings: readonly string[];
}

/**
 * Certificate and key of the settings, which belong together.
 *
 * @throws SealpartError `bad-parameters`
 */
export async function readTls({ config, given }: ReadConfig, nowMs: number): Promise<ReadTls> {
  const { tlsCert, tlsKey } = config;
  if (tlsCert === undefined || tlsKey === undefined) return { tls: undefined, warnings: [] };
  const certFrom = given.get('tlsCert')?.from ?? 'tlsCert';
  const keyFrom = given.get('tlsKey')?.from ?? 'tlsKey';
  const cert = (await readSmallFile(tlsCert, certFrom)).toString('latin1');
  const key = (await readSmallFile(tlsKey, keyFrom)).toString('latin1');
  const parsed = parseCertificate(cert, `${certFrom} names ${tlsCert}`);
  try {
    createSecureContext({ cert, key });
  } catch {
    // What OpenSSL says of a key is no help, and the key need not stand in the cause of an error.
    const what = `${keyFrom} names ${tlsKey}, which is not the private key of ${tlsCert} in PEM, or has a passphrase`;
    throw new SealpartError('bad-parameters', `${what}: expected the key that the certificate was made for.`);
  }
  const endMs = parsed.validToDate.getTime();
  const ended = endMs <= nowMs ? [`the certificate of ${tlsCert} ended on ${parsed.validToDate.toISOString()}`] : [];
  return { tls: { cert, key }, warnings: ended };
}

function parseCertificate(pem: string, what: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new SealpartError('bad-parameters', `${what}, which is no certificate in PEM.`, { cause: error });
  }
}
