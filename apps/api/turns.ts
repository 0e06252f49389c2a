import { rejection } from '#libs/contracts/index.js';
import { ProblemException } from '#libs/nest/index.js';

const mostWaiting = 16;

/** One at a time, in order: each may want much of the machine. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** @param what waits, as a refusal says it: `models wait for their trial run` */
  constructor(private readonly what: string) {}

  /** @throws ProblemException `overloaded` when too many wait already; whatever `work` throws. */
  run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= mostWaiting)
      return Promise.reject(
        new ProblemException(rejection('overloaded', `${this.#waiting} ${this.what}`), { 'retry-after': '10' }),
      );
    this.#waiting += 1;
    const turn = this.#last.then(() => {
      this.#waiting -= 1;
      return work();
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
