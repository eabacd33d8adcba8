/** How a budget of retries is filled and spent. All in tokens. */
export interface RetryBudgetRules {
  /** What the budget begins with, and the most it holds. */
  readonly capacity: number;
  /** What one retry takes. */
  readonly retryCost: number;
  /** What a retry takes that follows a timeout: it has cost the store more. */
  readonly timeoutRetryCost: number;
  /** What each call puts in when it begins, whatever becomes of it. */
  readonly depositPerCall: number;
}

/**
 * As many tokens as the SDKs of AWS begin with. What a call puts in is a tenth of a retry: in a storm that does not end
 * a store gets at most 1.1 times as many requests as there are calls, and calls still find out when it has ended.
 */
export const defaultRetryBudget: RetryBudgetRules = {
  capacity: 500,
  retryCost: 5,
  timeoutRetryCost: 10,
  depositPerCall: 0.5,
};

/** Bounds what retries add to the load of a store that fails, over all calls to it. */
export class RetryBudget {
  readonly #rules: RetryBudgetRules;
  #tokens: number;

  constructor(rules: RetryBudgetRules = defaultRetryBudget) {
    this.#rules = rules;
    this.#tokens = rules.capacity;
  }

  get tokens(): number {
    return this.#tokens;
  }

  /** A call begins. */
  beginCall(): void {
    this.#add(this.#rules.depositPerCall);
  }

  /** What a retry took from the budget, or undefined if there is not enough for one. */
  takeRetry(afterTimeout: boolean): number | undefined {
    const cost = afterTimeout ? this.#rules.timeoutRetryCost : this.#rules.retryCost;
    if (this.#tokens < cost) return undefined;
    this.#tokens -= cost;
    return cost;
  }

  /** A call ended well: gives back what its last retry took. */
  giveBack(cost: number): void {
    this.#add(cost);
  }

  #add(tokens: number): void {
    this.#tokens = Math.min(this.#rules.capacity, this.#tokens + tokens);
  }
}
