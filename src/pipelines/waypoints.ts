import { assert } from '../assert.ts';

/** Enough that few steps have to be taken again, and few enough not to count. */
const mostWaypoints = 4096;

/** A place on a walk: after so many steps, at this position. */
export interface Waypoint {
  readonly step: number;
  readonly position: number;
}

/**
 * Where a walk came by, for whoever wants to go back to some step of it: a limited number of places, of which every
 * second one is forgotten whenever there are more.
 */
export class Waypoints {
  #positions: number[] = [];
  #stride = 1;

  get count(): number {
    return this.#positions.length;
  }

  /** Steps are told one by one, from 0 on. */
  add(step: number, position: number): void {
    if (step % this.#stride !== 0) return;
    assert(step === this.#positions.length * this.#stride, 'no step of a walk is left out');
    this.#positions.push(position);
    if (this.#positions.length <= mostWaypoints) return;
    this.#positions = this.#positions.filter((_, index) => index % 2 === 0);
    this.#stride *= 2;
  }

  /** The last place that is remembered from where the step can be reached. */
  before(step: number): Waypoint {
    const index = Math.min(Math.floor(step / this.#stride), this.#positions.length - 1);
    assert(index >= 0, 'a walk has begun');
    return { step: index * this.#stride, position: this.#positions[index]! };
  }
}
