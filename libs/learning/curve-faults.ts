import { assertNever } from '#libs/kernel/index.js';
import type { CalibrationCurve, Curve, CurveRefusal, Numbers, PrecisionRecallCurve, RocCurve } from './curve.js';

type Fault = CurveRefusal | undefined;

/** The first thing that keeps the arrays from being such a curve; undefined: they are one. */
export function faultOf(curve: Curve): Fault {
  switch (curve.kind) {
    case 'roc':
      return rocFault(curve);
    case 'pr':
      return precisionRecallFault(curve);
    case 'calibration':
      return calibrationFault(curve);
    default:
      return assertNever(curve, 'kind of curve');
  }
}

/** An area is of the whole curve only when it leads from rate 0 to rates 1. */
function rocFault({ fpr, tpr, thresholds }: RocCurve): Fault {
  const last = fpr.length - 1;
  return (
    tooShort('fpr', fpr) ??
    otherLength('tpr', tpr, 'fpr', fpr) ??
    outsideUnit('fpr', fpr) ??
    outsideUnit('tpr', tpr) ??
    falls('fpr', fpr) ??
    falls('tpr', tpr) ??
    isNot('fpr', fpr, 0, 0) ??
    isNot('fpr', fpr, last, 1) ??
    isNot('tpr', tpr, last, 1) ??
    (thresholds &&
      (otherLength('thresholds', thresholds, 'fpr', fpr) ??
        notFinite('thresholds', thresholds) ??
        rises('thresholds', thresholds)))
  );
}

function precisionRecallFault({ precision, recall, thresholds }: PrecisionRecallCurve): Fault {
  const fault =
    tooShort('recall', recall) ??
    otherLength('precision', precision, 'recall', recall) ??
    outsideUnit('precision', precision) ??
    outsideUnit('recall', recall);
  if (fault !== undefined) return fault;
  const [first, last] = [recall[0]!, recall[recall.length - 1]!];
  if (first === last) return wrong('recall', `begins and ends with ${first}, expected it to rise or to fall`);
  return (
    (first < last ? falls('recall', recall) : rises('recall', recall)) ??
    (thresholds && againstRecall(thresholds, recall))
  );
}

function againstRecall(thresholds: Numbers, recall: Numbers): Fault {
  const points = recall.length;
  const [first, last] = [recall[0]!, recall[points - 1]!];
  const withoutEnd = Math.min(first, last) === 0 && thresholds.length === points - 1;
  return (
    (withoutEnd ? undefined : otherLength('thresholds', thresholds, 'recall', recall)) ??
    notFinite('thresholds', thresholds) ??
    (first < last ? rises('thresholds', thresholds) : falls('thresholds', thresholds))
  );
}

function calibrationFault({ predicted, observed, counts }: CalibrationCurve): Fault {
  return (
    otherLength('predicted', predicted, 'counts', counts) ??
    otherLength('observed', observed, 'counts', counts) ??
    firstWrong('counts', counts, (count) =>
      Number.isSafeInteger(count) && count >= 0 ? undefined : 'expected a whole number of rows',
    ) ??
    outsideUnit('predicted', predicted) ??
    outsideUnit('observed', observed) ??
    (Array.from(counts).some((count) => count > 0) ? undefined : wrong('counts', 'has no rows in any bin')) ??
    fallsOverBins(predicted, counts)
  );
}

function fallsOverBins(predicted: Numbers, counts: Numbers): Fault {
  let before = 0;
  return firstWrong('predicted', predicted, (value, bin) => {
    if (counts[bin] === 0) return undefined;
    if (value < before) return `after ${before}; expected bins in order of the predicted probability`;
    before = value;
    return undefined;
  });
}

const counted = (length: number): string => (length === 1 ? '1 value' : `${length} values`);

/** Two points make a curve. */
const tooShort = (field: string, { length }: Numbers): Fault =>
  length < 2 ? wrong(field, `has ${counted(length)}, expected at least 2`) : undefined;

const otherLength = (field: string, { length }: Numbers, other: string, { length: expected }: Numbers): Fault =>
  length === expected ? undefined : wrong(field, `has ${counted(length)}, expected ${expected} as in ${other}`);

const outsideUnit = (field: string, values: Numbers): Fault =>
  firstWrong(field, values, (value) => (value >= 0 && value <= 1 ? undefined : 'expected 0 to 1'));

const notFinite = (field: string, values: Numbers): Fault =>
  firstWrong(field, values, (value) => (Number.isFinite(value) ? undefined : 'expected a finite number'));

const isNot = (field: string, values: Numbers, index: number, expected: number): Fault =>
  values[index] === expected ? undefined : wrong(field, `is ${values[index]!}, expected ${expected}`, index);

const falls = (field: string, values: Numbers): Fault =>
  firstWrong(field, values, (value, index) =>
    value < values[index - 1]! ? `after ${values[index - 1]!}; expected values that do not fall` : undefined,
  );

const rises = (field: string, values: Numbers): Fault =>
  firstWrong(field, values, (value, index) =>
    value > values[index - 1]! ? `after ${values[index - 1]!}; expected values that do not rise` : undefined,
  );

/** The first value that `judge` finds something to say of. */
function firstWrong(
  field: string,
  values: Numbers,
  judge: (value: number, index: number) => string | undefined,
): Fault {
  for (let index = 0; index < values.length; index++) {
    const what = judge(values[index]!, index);
    if (what !== undefined) return wrong(field, `is ${values[index]!}, ${what}`, index);
  }
  return undefined;
}

const wrong = (field: string, what: string, index: number | null = null): CurveRefusal => ({
  field,
  index,
  detail: `${field}${index === null ? '' : `[${index}]`} ${what}`,
});
