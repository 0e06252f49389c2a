import { decodePredictionId, type LabelRow, type TrafficPosition } from '#libs/contracts/index.js';
import type { WatchedVersion } from '../contract.js';
import { answerFormOf, labelledAnswer, type AnswerForm } from '../labels/answer-form.js';
import type { PredictionError } from '../labels/error-detectors.js';
import { ErrorScale } from '../labels/prediction-error.js';
import { SeenRows } from './seen-rows.js';

export interface ErrorCounts {
  /** Predictions with a label that fits. */
  readonly labels: number;
  /** Further labels of a prediction: detectors see the first alone. */
  readonly repeated: number;
  /** Labels of another type than the version answers, and of no prediction before them. */
  readonly unfit: number;
  /** Of classes; null where there are none. */
  readonly accuracy: number | null;
  /** Answering each time as the label before; null without two labels of classes. Chance alarms raise accuracy on such streams. */
  readonly no_change_accuracy: number | null;
}

/** What an error is made of; the id where the sequence is left out. */
export type ErrorLabel = Pick<LabelRow, 'traffic_seq' | 'row' | 'label' | 'predicted'> &
  Partial<Pick<LabelRow, 'prediction_id'>>;

/**
 * The errors of a version's labelled predictions, in the order of the log: one for each prediction, by its first label. It is
 * what the monitor's detectors see, but for labels of windows that were final, which count here: no window is cut.
 */
export class RecordedErrors {
  readonly #form: AnswerForm;
  readonly #deviation: number | null;
  readonly #scale = new ErrorScale();
  readonly #seen = new SeenRows();
  #labels = 0;
  #repeated = 0;
  #unfit = 0;
  #classes = 0;
  #right = 0;
  #unchanged = 0;
  #before: string | undefined;

  constructor({ signature, reference }: WatchedVersion) {
    this.#form = answerFormOf(signature);
    this.#deviation = 'missing' in reference ? null : (reference.labels?.sd ?? null);
  }

  /**
   * The next label of the version.
   * @param counted false: it is seen, and told in no counts.
   * @returns null: nothing that detectors take.
   */
  take(row: ErrorLabel, labelSeq: number, counted: boolean): PredictionError | null {
    const place = placeOf(row);
    const answer = place === undefined || place.seq >= labelSeq ? null : labelledAnswer(this.#form, row);
    if (answer === null) {
      if (counted) this.#unfit++;
      return null;
    }
    if (!this.#seen.add(place!)) {
      if (counted) this.#repeated++;
      return null;
    }
    if (answer.kind === 'class') {
      if (counted) this.#countClass(answer.label, answer.predicted);
      this.#before = answer.label;
    }
    if (counted) this.#labels++;
    return this.#scale.errorOf(answer, this.#deviation);
  }

  counts(): ErrorCounts {
    return {
      ...{ labels: this.#labels, repeated: this.#repeated, unfit: this.#unfit },
      accuracy: this.#classes === 0 ? null : this.#right / this.#classes,
      no_change_accuracy: this.#classes < 2 ? null : this.#unchanged / (this.#classes - 1),
    };
  }

  #countClass(label: string, predicted: string | null): void {
    if (label === predicted) this.#right++;
    if (this.#classes > 0 && label === this.#before) this.#unchanged++;
    this.#classes++;
  }
}

/** Where its prediction stands; undefined for an id that is none. */
function placeOf({ traffic_seq, prediction_id = '', row }: ErrorLabel): TrafficPosition | undefined {
  const seq = traffic_seq ?? decodePredictionId(prediction_id)?.seq;
  return seq === undefined ? undefined : { seq, row };
}
