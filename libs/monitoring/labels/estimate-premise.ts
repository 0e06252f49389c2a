import type { MeasuredMetric } from '#libs/contracts/index.js';
import { CalibrationPremise, premiseTolerance, type PremiseState } from '#libs/statistics/index.js';
import type { LabelledAnswer } from './answer-form.js';
import { scoresOf, type Estimator } from './estimates.js';

export interface EstimatePremiseState {
  readonly premise: PremiseState | null;
  readonly withdrawn: boolean;
  readonly agreed: number;
}

type Metrics = Readonly<Record<string, MeasuredMetric>>;

/**
 * What estimates rest on, that calibrated probabilities are right, held against the labels that do come: once they contradict
 * it, the version's estimates are withdrawn. They are believed again after so many judged windows in a row in which labels
 * agree with what was estimated, and no new contradiction in between: CBPE itself knows nothing of a concept that changes
 * (Białek et al. 2023), and such a change may end.
 */
export class EstimatePremise {
  /** Begun anew where it has failed. */
  #premise: CalibrationPremise | null;
  #withdrawn: boolean;
  /** Windows in a row, since estimates were withdrawn. */
  #agreed: number;

  constructor({ premise, withdrawn, agreed }: EstimatePremiseState = { premise: null, withdrawn: false, agreed: 0 }) {
    this.#premise = premise === null ? null : CalibrationPremise.fromJSON(premise);
    this.#withdrawn = withdrawn;
    this.#agreed = agreed;
  }

  get withdrawn(): boolean {
    return this.#withdrawn;
  }

  /** The first label of a prediction. */
  observe(answer: LabelledAnswer, estimator: Estimator): void {
    if (answer.kind !== 'class' || 'refused' in estimator) return;
    const { cbpe, classes } = estimator;
    const { probabilities = {}, label, predicted } = answer;
    const shares = classes.map((name) => numberOf(probabilities[name]));
    const calibrated = cbpe.calibrated(scoresOf(shares, 1, classes.length));
    const asked = classes.length === 2 ? 0 : classes.indexOf(predicted ?? '');
    const probability = calibrated[asked] ?? Number.NaN;
    if (Number.isNaN(probability)) return;
    this.#premise ??= new CalibrationPremise({ tolerance: premiseTolerance(cbpe.fitted.rows) });
    this.#premise.observe(probability, classes.length === 2 ? label === classes[1] : label === predicted);
    if (!this.#premise.verdict().withdrawn) return;
    [this.#withdrawn, this.#agreed, this.#premise] = [true, 0, null];
  }

  /** A window that was judged by its labels. @param windows that have to agree */
  judged(measured: Metrics, estimated: Metrics, windows: number): void {
    if (!this.#withdrawn) return;
    const agree = agreeing(measured, estimated);
    if (agree === null) return;
    this.#agreed = agree ? this.#agreed + 1 : 0;
    if (this.#agreed >= windows) [this.#withdrawn, this.#agreed] = [false, 0];
  }

  state(): EstimatePremiseState {
    return { premise: this.#premise?.toJSON() ?? null, withdrawn: this.#withdrawn, agreed: this.#agreed };
  }
}

/** Whether what was measured may be what was estimated, in all metrics that have both intervals; null: none has. */
function agreeing(measured: Metrics, estimated: Metrics): boolean | null {
  let agree: boolean | null = null;
  for (const [metric, { low, high }] of Object.entries(estimated)) {
    const own = measured[metric];
    if (low === null || high === null || own === undefined || own.low === null || own.high === null) continue;
    agree = (agree ?? true) && own.low <= high && low <= own.high;
  }
  return agree;
}

const numberOf = (value: unknown): number => (typeof value === 'number' ? value : Number.NaN);
