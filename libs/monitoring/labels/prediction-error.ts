import type { LabelledAnswer } from './answer-form.js';
import type { PredictionError } from './error-detectors.js';

/** Labels that teach what the labels' spread is, where there is no reference. */
const taught = 100;
/** Standard deviations of the labels that an error of size 1 has. */
const deviations = 2;

export interface ErrorScaleState {
  readonly count: number;
  readonly mean: number;
  /** Sum of squared distances from the mean. */
  readonly squares: number;
  readonly deviation: number | null;
}

/**
 * Errors of predictions, as detectors take them. A class is right (0) or wrong (1). Of a number the distance from the label is
 * divided by two standard deviations of the reference's target and cut at 1, since ADWIN's bound is for 0 to 1 and Page and
 * Hinkley's thresholds are absolute; it is wrong, for detectors that ask that, beyond one deviation, as far as answering the
 * mean is off. Without a reference the first 100 labels tell the deviation, and no detector sees them.
 */
export class ErrorScale {
  #state: ErrorScaleState;

  constructor(state: ErrorScaleState = { count: 0, mean: 0, squares: 0, deviation: null }) {
    this.#state = state;
  }

  /**
   * @param deviation of the reference's target; null: there is none. The first that is known holds for good.
   * @returns null: there is no error to be told.
   */
  errorOf(answer: LabelledAnswer, deviation: number | null): PredictionError | null {
    switch (answer.kind) {
      case 'class': {
        const wrong = answer.label !== answer.predicted;
        return { size: Number(wrong), scaled: Number(wrong), wrong };
      }
      case 'number':
        return this.#ofNumber(answer, deviation);
      case 'other':
        return null;
    }
  }

  state(): ErrorScaleState {
    return this.#state;
  }

  #ofNumber(
    { label, predicted }: { readonly label: number; readonly predicted: number },
    reference: number | null,
  ): PredictionError | null {
    const known = this.#state.deviation ?? reference;
    if (known === null) {
      this.#learn(label);
      return null;
    }
    if (this.#state.deviation === null) this.#state = { ...this.#state, deviation: known };
    if (Number.isNaN(predicted)) return null;
    const size = Math.abs(predicted - label);
    const scaled = size === 0 ? 0 : Math.min(size / (deviations * known), 1);
    return { size, scaled, wrong: size > known };
  }

  /** Welford's recurrence (1962). */
  #learn(label: number): void {
    const count = this.#state.count + 1;
    const distance = label - this.#state.mean;
    const mean = this.#state.mean + distance / count;
    const squares = this.#state.squares + distance * (label - mean);
    const deviation = count === taught ? Math.sqrt(squares / (count - 1)) : null;
    this.#state = { count, mean, squares, deviation };
  }
}
