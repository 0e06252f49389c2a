import { rejection } from '#libs/contracts/index.js';
import { ProblemException } from '#libs/nest/index.js';

const mostWaiting = 16;

/** One at a time, in order: a model may want all the memory there is. */
export class TrialQueue {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** @throws ProblemException `overloaded` when too many wait already; whatever `work` throws. */
  run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= mostWaiting)
      return Promise.reject(
        new ProblemException(rejection('overloaded', `${this.#waiting} models wait for their trial run`), {
          'retry-after': '10',
        }),
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
