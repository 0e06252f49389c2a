import type { AlarmsToScore } from '#libs/statistics/index.js';
import { CommandFailed } from '../../errors.js';
import type { ChangePoint } from './request.js';
import type { Bound } from './span.js';

/** A change as it was given, and where it is: a sample from 0, or the first one at a place in the log. */
export interface GivenChange {
  readonly point: ChangePoint;
  readonly at: number | Bound;
}

/** Where the changes are in one stream of samples, found while they are read. */
export class ChangePlaces {
  /** `before`: the stream begins behind it. */
  readonly #found = new Map<GivenChange, number | 'before'>();

  constructor(private readonly changes: readonly GivenChange[]) {}

  /** Before the samples of the next message. @param samples so far */
  reached(seq: number, logTime: number, samples: number): void {
    for (const change of this.changes) {
      const { at } = change;
      if (typeof at === 'number' || seq < at.seq || logTime < at.time || this.#found.has(change)) continue;
      const isBefore = at.time === -Infinity ? at.seq < seq : at.time < logTime;
      this.#found.set(change, samples === 0 && isBefore ? 'before' : samples);
    }
  }

  /**
   * @param counted what samples are
   * @throws CommandFailed for a change that is behind them, or before the first: nothing would be known of the concept before.
   */
  of(samples: number, counted: string): AlarmsToScore['changes'] {
    const places = this.changes.map((change) => {
      const place = typeof change.at === 'number' ? change.at : (this.#found.get(change) ?? Infinity);
      if (place !== 'before' && place < samples) return place;
      const where = place === 'before' ? 'before the first of' : 'behind';
      throw new CommandFailed(
        `--change-points: ${change.point.text} is ${where} the ${samples} ${counted} of the span`,
        1,
      );
    });
    return [...new Set(places)].sort((a, b) => a - b);
  }
}
