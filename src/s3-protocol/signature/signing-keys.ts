import type { KeyObject } from 'node:crypto';
import { type CredentialScope, deriveSigningKey, formatScope } from './signing-key.ts';

const mostKeys = 256;

/**
 * Signing keys that were derived before. One holds for a day and a region, and to derive it costs more than all the
 * rest of checking a signature. Forget it together with the access keys it was used for.
 */
export class SigningKeys {
  readonly #keys = new Map<string, KeyObject>();

  get(secret: string, scope: CredentialScope): KeyObject {
    const name = `${formatScope(scope)}\n${secret}`;
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    const key = deriveSigningKey(secret, scope);
    const [oldest] = this.#keys.keys();
    if (this.#keys.size >= mostKeys && oldest !== undefined) this.#keys.delete(oldest);
    this.#keys.set(name, key);
    return key;
  }
}
