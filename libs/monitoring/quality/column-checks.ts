import type { MonitoringSettings } from '#libs/contracts/index.js';
import type { ColumnFigures, ReferenceSummary } from '#libs/statistics/index.js';
import { percent, type Checked } from './issue.js';
import { cut } from './told.js';

type Settings = MonitoringSettings['quality'];

/** A column of a window, beside its reference. */
export interface CheckedColumn {
  readonly figures: ColumnFigures;
  /** Null: there is nothing to compare with. */
  readonly reference: ReferenceSummary | null;
  /** Rows refused because of it. */
  readonly refused: number;
  /** Rows of the window, those refused among them. */
  readonly rows: number;
}

/** All checks of a column. @param enough the window has rows enough to judge shares of them. */
export function checkColumn(column: CheckedColumn, settings: Settings, enough: boolean): Checked[] {
  const asked = settings.constant ? [missing, type, range, unseen, constant] : [missing, type, range, unseen];
  const checks = asked.map((check) => check(column, settings));
  return checks.map((checked) => (enough ? checked : { ...checked, wrong: null }));
}

/** Out of the reference's range, infinite values among them. */
export const outOfRange = ({ below, above, nonFinite }: ColumnFigures): number => below + above + nonFinite;

type Check = (column: CheckedColumn, settings: Settings) => Checked;

const missing: Check = ({ figures, reference }, { max_missing_increase: increase }) => {
  const value = share(figures.missing, figures.rows);
  const expected = reference === null ? null : share(reference.missing, reference.rows);
  const threshold = Math.min((expected ?? 0) + increase, 1);
  return {
    check: 'missing',
    column: figures.name,
    value,
    expected,
    threshold,
    detail: () => `${percent(value)} of the values are missing, ${percent(expected ?? 0)} in the reference`,
    wrong: expected === null || figures.rows === 0 ? null : value > threshold,
  };
};

const type: Check = ({ figures, refused, rows }, { max_type_errors: threshold }) => {
  const value = share(refused + figures.typeErrors, rows);
  return {
    check: 'type',
    column: figures.name,
    value,
    expected: 0,
    threshold,
    detail: () =>
      `${percent(value)} of the rows do not fit: ${refused} refused, ${figures.typeErrors} with text that is no number`,
    wrong: value > threshold,
  };
};

const range: Check = ({ figures, reference }, { max_out_of_range: threshold }) => {
  const value = share(outOfRange(figures), presentIn(figures));
  const { min = null, max = null } = reference ?? {};
  return {
    check: 'range',
    column: figures.name,
    value,
    expected: 0,
    threshold,
    detail: () =>
      `${percent(value)} of the values are outside of ${String(min)} to ${String(max)}: ` +
      `${figures.below} below, ${figures.above} above, ${figures.nonFinite} infinite`,
    wrong: min === null || presentIn(figures) === 0 ? null : value > threshold,
  };
};

/**
 * Of a reference that knows all its categories the share of those that came once is what new rows have of new ones (Good
 * 1953). One that knows the most frequent alone has rows of all others: as many are expected.
 */
const unseen: Check = ({ figures, reference }, { max_unseen: most }) => {
  const value = share(figures.unseen.rows, presentIn(figures));
  const rows = reference === null ? 0 : reference.rows - reference.missing;
  const categorical = reference?.bins.kind === 'categorical';
  const expected = categorical ? share(reference.others?.once ?? reference.counts.at(-1)!, rows) : null;
  const threshold = thresholdOf(expected ?? 0, most, presentIn(figures), rows);
  return {
    check: 'unseen_category',
    column: figures.name,
    value,
    expected,
    threshold,
    detail: () => `${percent(value)} of the values are not among the reference's categories: ${namesOf(figures)}`,
    wrong: expected === null || presentIn(figures) === 0 ? null : value > threshold,
  };
};

const namesOf = ({ unseen: { first } }: ColumnFigures): string =>
  first
    .slice(0, 3)
    .map(({ category }) => `'${cut(category, 60)}'`)
    .join(', ') || 'none';

/** Standard deviations of a difference that has a chance of 10⁻⁶ above them. */
const deviations = 4.753424;

/** What is above it is more than the reference has by what is allowed, and by what chance does to so many rows of both. */
function thresholdOf(expected: number, allowed: number, rows: number, referenceRows: number): number {
  const chance = Math.sqrt(expected * (1 - expected) * (1 / Math.max(rows, 1) + 1 / Math.max(referenceRows, 1)));
  return Math.min(expected + Math.max(allowed, deviations * chance), 1);
}

/** A rare value is often absent from a window by chance: the chance of that has to be below this. */
const chanceOfConstant = 1e-6;

const constant: Check = ({ figures, reference }) => {
  const present = presentIn(figures);
  const expected = reference?.distinct ?? null;
  return {
    check: 'constant',
    column: figures.name,
    value: figures.distinct,
    expected,
    threshold: 1,
    detail: () => `all ${present} values are the same, the reference has ${expected ?? 'none'}`,
    wrong:
      reference === null || reference.distinct < 2 || present === 0
        ? null
        : figures.distinct === 1 && largestShare(reference) ** present <= chanceOfConstant,
  };
};

/** Of the values that have a bin, the share of those in the fullest one: no value is more frequent. */
function largestShare({ counts }: ReferenceSummary): number {
  let [largest, total] = [0, 0];
  for (const count of counts) {
    total += count;
    if (count > largest) largest = count;
  }
  return total === 0 ? 1 : largest / total;
}

const presentIn = ({ rows, missing, typeErrors }: ColumnFigures): number => rows - missing - typeErrors;

const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);
