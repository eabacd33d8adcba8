import type { AccessRule } from './access-rule.ts';

/** An access key. Its secret is in no property that is printed, logged or made into JSON. */
export class AccessKey {
  readonly id: string;
  readonly rules: readonly AccessRule[];
  readonly #secret: string;

  constructor(id: string, secret: string, rules: readonly AccessRule[]) {
    this.id = id;
    this.rules = rules;
    this.#secret = secret;
  }

  get secret(): string {
    return this.#secret;
  }
}
