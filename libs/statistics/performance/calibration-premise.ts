export interface PremiseOptions {
  /** Chance of a false withdrawal, however many labels come: default 0.05. */
  readonly alpha?: number;
  /** How far a probability may be off and still count as right, default 0.02; see `premiseTolerance`. */
  readonly tolerance?: number;
}

/** All there is to know of a test that runs: plain JSON. */
export interface PremiseState {
  readonly method: 'calibration_premise';
  readonly version: 1;
  readonly alpha: number;
  readonly tolerance: number;
  /** Labels read; none is read any more once the premise is withdrawn. */
  readonly labels: number;
  /** Of them, how many happened, and how many were expected to. */
  readonly happened: number;
  readonly expected: number;
  /** Evidence of each alternative that has set in so far. */
  readonly evidence: readonly number[];
}

export interface PremiseVerdict {
  /** Probabilities are further off than the tolerance: what rests on them is not to be believed. */
  readonly withdrawn: boolean;
  /** Evidence against the premise: 1 at the start, and at 1 / alpha or above it is withdrawn. */
  readonly eValue: number;
  readonly threshold: number;
  readonly labels: number;
  /** Shares of the labels; null: no labels. */
  readonly observed: number | null;
  readonly expected: number | null;
}

/**
 * What the true probability may have become: logit q = shift + slope · logit p. Turned round (−1), unrelated (0), less or more
 * sure, and either way more or less frequent; shift 0 with slope 1 is the premise itself, which counts 1 throughout.
 */
const shifts = Float64Array.of(-2, -1, -0.5, 0, 0.5, 1, 2).map(Math.exp);
const poweredOdds = (odds: number): readonly number[] => [1 / odds, 1, Math.sqrt(odds), odds, odds * odds];
const alternatives = poweredOdds(1).length * shifts.length;

/** Probabilities are kept so far from 0 and 1 where an alternative is made of them. */
const farthest = 1e-6;

/**
 * Tests the premise of CBPE, that calibrated probabilities are right, by labels as they trickle in, few and in any
 * order: a test that may be looked at after every label and stopped at any, and yet withdraws falsely with a chance of
 * at most alpha, ever.
 *
 * Evidence is a likelihood ratio (Arnold, Henzi and Ziegel 2023): how much likelier the label is under an alternative q than
 * under p, or, as p is never quite right, than under that probability within p ± tolerance which explains it best. Its
 * expectation under the premise is at most 1, and so is that of a product of such ratios, of a mean over alternatives, and of a
 * mean over the labels at which the change may have set in (Shiryaev 1963; Shin, Ramdas and Rinaldo 2023), which is what is
 * kept: labels from long before a change do not hide it. By Ville's inequality (1939) such a product is ever above 1 / alpha with
 * a chance of at most alpha. Label k has the weight g(k) − g(k + 1) of being the first, g(k) = 1 / (1 + ln k).
 *
 *     const premise = new CalibrationPremise({ tolerance: premiseTolerance(5000) });
 *     premise.observe(0.9, false), three times        withdrawn: true, eValue 47.0, labels 3, observed 0, expected 0.9
 *
 * Which rows get a label may depend on p, on features and on time, but not on the label itself: claims that only the
 * defaulted ones ever report would be taken for drift. Two classes: p is that of class 1. More: p is the calibrated
 * probability of the answered class, and it happened if the answer was right. A label takes some 100 divisions.
 *
 * @throws RangeError for an alpha outside of 0 to 1, and a tolerance below 0.001 or from a half.
 */
export class CalibrationPremise {
  readonly #options: Required<PremiseOptions>;
  readonly #evidence: Float64Array;
  #labels = 0;
  #happened = 0;
  #expected = 0;

  constructor({ alpha = 0.05, tolerance = 0.02 }: PremiseOptions = {}) {
    if (!(alpha > 0 && alpha < 1)) throw new RangeError(`alpha: expected between 0 and 1, got ${alpha}`);
    if (!(tolerance >= 0.001 && tolerance < 0.5)) {
      throw new RangeError(`tolerance: expected 0.001 to less than 0.5, got ${tolerance}`);
    }
    this.#options = { alpha, tolerance };
    this.#evidence = new Float64Array(alternatives);
  }

  /** @throws RangeError where it is of another method or version, or of other alternatives. */
  static fromJSON(state: PremiseState): CalibrationPremise {
    const { method, version } = state as { method: string; version: number };
    if (method !== 'calibration_premise' || version !== 1) {
      throw new RangeError(`premise: expected calibration_premise of version 1, got ${method} ${version}`);
    }
    if (state.evidence.length !== alternatives) {
      throw new RangeError(`premise.evidence: expected ${alternatives} numbers, got ${state.evidence.length}`);
    }
    const premise = new CalibrationPremise(state);
    premise.#evidence.set(state.evidence);
    premise.#labels = state.labels;
    premise.#happened = state.happened;
    premise.#expected = state.expected;
    return premise;
  }

  toJSON(): PremiseState {
    return {
      ...{ method: 'calibration_premise', version: 1, ...this.#options },
      ...{ labels: this.#labels, happened: this.#happened, expected: this.#expected },
      evidence: [...this.#evidence],
    };
  }

  /**
   * A label. After a withdrawal nothing changes any more: the verdict keeps the evidence it was made on.
   * @param probability calibrated, 0 to 1, of what then happened or did not.
   * @throws RangeError for a probability out of range; nothing has changed then.
   */
  observe(probability: number, happened: boolean): void {
    if (!(probability >= 0 && probability <= 1)) {
      throw new RangeError(`probability: expected 0 to 1, got ${probability}`);
    }
    if (this.isWithdrawn()) return;
    const { tolerance } = this.#options;
    const onset = weightOf(this.#labels + 1);
    const share = min(max(probability, farthest), 1 - farthest);
    const [lowest, highest] = [probability - tolerance, probability + tolerance];
    const evidence = this.#evidence;
    let index = 0;
    for (const powered of poweredOdds(share / (1 - share))) {
      for (let shift = 0; shift < shifts.length; shift++) {
        const odds = shifts[shift]! * powered;
        const alternative = odds / (1 + odds);
        const nearest = min(max(alternative, lowest), highest);
        const ratio = happened ? alternative / nearest : (1 - alternative) / (1 - nearest);
        evidence[index] = (evidence[index]! + onset) * ratio;
        index++;
      }
    }
    this.#labels++;
    this.#expected += probability;
    if (happened) this.#happened++;
  }

  verdict(): PremiseVerdict {
    const labels = this.#labels;
    return {
      ...{ withdrawn: this.isWithdrawn(), eValue: this.eValue(), threshold: 1 / this.#options.alpha, labels },
      observed: labels === 0 ? null : this.#happened / labels,
      expected: labels === 0 ? null : this.#expected / labels,
    };
  }

  private isWithdrawn(): boolean {
    return this.eValue() >= 1 / this.#options.alpha;
  }

  private eValue(): number {
    const evidence = this.#evidence;
    let sum = 0;
    for (let index = 0; index < alternatives; index++) sum += evidence[index]!;
    // What has not set in yet still counts 1.
    return sum / alternatives + yetToSetIn(this.#labels);
  }
}

/**
 * The tolerance for probabilities that were calibrated on so many rows: three standard errors of a share, a hundredth at
 * least. Nothing can be known of them more closely than that.
 */
export function premiseTolerance(referenceRows: number): number {
  if (!(referenceRows >= 1)) throw new RangeError(`referenceRows: expected 1 or more, got ${referenceRows}`);
  return Math.min(Math.max(1.5 / Math.sqrt(referenceRows), 0.01), 0.25);
}

const { min, max } = Math;

/** Of all weights, those of label `labels` + 1 and later. */
function yetToSetIn(labels: number): number {
  return 1 / (1 + Math.log(labels + 1));
}

/** g(label) − g(label + 1), without its cancellation. */
function weightOf(label: number): number {
  return Math.log1p(1 / label) / ((1 + Math.log(label)) * (1 + Math.log(label + 1)));
}
