import { SealpartError } from '../../../src/errors.ts';

/**
 * How a step goes wrong.
 *
 * | kind | effect | afterwards |
 * |---|---|---|
 * | `die-before` | does not happen | the process is dead |
 * | `die-after` | happens | the process is dead |
 * | `lost-answer` | happens | the process is told that it failed |
 * | `fail` | does not happen | the process is told that it failed |
 */
export type CrashKind = 'die-before' | 'die-after' | 'lost-answer' | 'fail';

export const crashKinds: readonly CrashKind[] = ['die-before', 'die-after', 'lost-answer', 'fail'];

/** A step by its number, counted from 1, or by its name. */
export type StepPlace = number | { readonly name: string; readonly nth: number };

/** What a dead process meets: nothing it still does has any effect. */
export class Died extends Error {}

/** One process: counts its steps, and goes wrong at one of them. */
export class CrashPlan {
  readonly kind: CrashKind;
  readonly steps: string[] = [];
  readonly #crashAt: StepPlace;
  #reached = 0;
  #dead = false;
  readonly #onDeath: (() => void)[] = [];

  /** @param crashAt the step, counted from 1, or the n-th of a name; 0 for a process to which nothing happens */
  constructor(crashAt: StepPlace = 0, kind: CrashKind = 'die-before') {
    this.#crashAt = crashAt;
    this.kind = kind;
  }

  /** How often the planned fault was met: 1 or 0. */
  get reached(): number {
    return this.#reached;
  }

  get isDead(): boolean {
    return this.#dead;
  }

  /** What the kernel does when the process is gone. */
  onDeath(action: () => void): void {
    this.#onDeath.push(action);
  }

  die(): void {
    this.#dead = true;
    for (const action of this.#onDeath.splice(0)) action();
  }

  async step<T>(name: string, effect: () => Promise<T>): Promise<T> {
    if (this.#dead) throw new Died(`${name} by a dead process`);
    this.steps.push(name);
    if (!this.#isPlace(name)) return await this.#alive(effect);
    this.#reached++;
    if (this.kind === 'die-before') this.die();
    else if (this.kind !== 'fail') await closeUnheard(await effect());
    if (this.kind === 'die-after') this.die();
    if (this.#dead) throw new Died(`died at ${name}`);
    throw new SealpartError(name.startsWith('manifest') ? 'manifest' : 'store', `${name} was not answered.`);
  }

  #isPlace(name: string): boolean {
    if (typeof this.#crashAt === 'number') return this.steps.length === this.#crashAt;
    const { name: wanted, nth } = this.#crashAt;
    return name === wanted && this.steps.filter((step) => step === wanted).length === nth;
  }

  /** Others may have died meanwhile of the same process: then nobody hears the answer. */
  async #alive<T>(effect: () => Promise<T>): Promise<T> {
    const result = await effect();
    if (!this.#dead) return result;
    await closeUnheard(result);
    throw new Died('an answer to a dead process');
  }
}

/** What nobody will read: the kernel closes a dead process's files, and a socket that fails closes its own. */
async function closeUnheard(result: unknown): Promise<void> {
  if (typeof result === 'object' && result !== null && 'close' in result)
    await (result as { close(): unknown }).close();
}

/** The same object, with every call of its methods a step of the plan. Methods that answer with a stream are one step. */
export function withSteps<T extends object>(target: T, prefix: string, plan: CrashPlan, plain: readonly string[]): T {
  return new Proxy(target, {
    get(object, name) {
      const value = Reflect.get(object, name);
      if (typeof value !== 'function') return value;
      const call = value.bind(object) as (...args: unknown[]) => unknown;
      const text = `${prefix}.${String(name)}`;
      if (plain.includes(String(name))) return call;
      return (...args: unknown[]) => {
        if (!isStreaming(String(name))) return plan.step(text, async () => await (call(...args) as Promise<unknown>));
        return (async function* () {
          await plan.step(text, () => Promise.resolve());
          for await (const item of call(...args) as AsyncIterable<unknown>) {
            if (plan.isDead) throw new Died(text);
            yield item;
          }
        })();
      };
    },
  });
}

function isStreaming(method: string): boolean {
  return ['listParts', 'listUploads', 'list', 'parts'].includes(method);
}
