import { assert } from '../assert.ts';
import { type Claim, ClaimBudget, type ClaimBudgetOptions } from './claim-budget.ts';
import { type ArenaLease, SharedArena } from './shared-arena.ts';

/** A piece of shared memory, its holder's alone until its claim is closed. */
export type StockPiece = Omit<ArenaLease, 'release'>;

/** Pieces that belong together: they are taken one by one, and go back all at once. */
export interface PieceClaim {
  /** @throws as Claim.take */
  take(signal: AbortSignal): Promise<StockPiece>;
  /** Gives all of them back. Exactly once, and only when nobody reads or writes them any more. */
  release(): void;
}

/** A stretch of shared memory, cut into pieces of one size for claims that take them as they need them (ClaimBudget). */
export class PieceStock {
  readonly pieceBytes: number;
  readonly #memory: ArenaLease;
  readonly #stride: number;
  readonly #budget: ClaimBudget;
  /** Numbers of the pieces that nobody has, ascending: the lowest go first, so that the others are never touched. */
  readonly #free: number[];

  /** @param memory with room for one piece at least; its holder gives it back when no claim is open any more. */
  constructor(memory: ArenaLease, pieceBytes: number, options: ClaimBudgetOptions = {}) {
    this.#memory = memory;
    this.pieceBytes = pieceBytes;
    this.#stride = SharedArena.footprint(pieceBytes);
    this.#budget = new ClaimBudget(Math.floor(memory.length / this.#stride), options);
    this.#free = Array.from({ length: this.#budget.units }, (_, i) => i);
  }

  /** All pieces there are. */
  get pieces(): number {
    return this.#budget.units;
  }

  get freePieces(): number {
    return this.#budget.free;
  }

  /** How many wait for a piece. */
  get waiting(): number {
    return this.#budget.waiting;
  }

  /** @param most pieces that will be asked for: not more than there are. */
  open(most: number): PieceClaim {
    const claim = this.#budget.open(most);
    const taken: number[] = [];
    return {
      take: async (signal) => {
        await claim.take(signal);
        return this.#piece(taken, claim);
      },
      release: () => {
        this.#free.push(...taken);
        this.#free.sort((a, b) => a - b);
        claim.close();
      },
    };
  }

  #piece(taken: number[], claim: Claim): StockPiece {
    const number = this.#free.shift();
    assert(number !== undefined && taken.length < claim.held, 'a piece for each unit');
    taken.push(number);
    const offset = this.#memory.offset + number * this.#stride;
    const start = number * this.#stride;
    return { offset, length: this.pieceBytes, bytes: this.#memory.bytes.subarray(start, start + this.pieceBytes) };
  }
}
