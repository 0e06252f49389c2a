import type { MonitoringSettings } from '#libs/contracts/index.js';
import type { ColumnFigures, ReferenceSummary } from '#libs/statistics/index.js';
import { percent, type Checked } from './issue.js';

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
  const checks = [missing, type, range, unseen, constant].map((check) => check(column, settings));
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

/** A reference of many categories tells the most frequent ones: its own rows of all others are what is expected. */
const unseen: Check = ({ figures, reference }, { max_unseen: most }) => {
  const value = share(figures.unseen.rows, presentIn(figures));
  const categorical = reference?.bins.kind === 'categorical';
  const expected = categorical ? share(reference.counts.at(-1)!, reference.rows - reference.missing) : null;
  const threshold = Math.min((expected ?? 0) + most, 1);
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
    .map(({ category }) => `'${category.slice(0, 60)}'`)
    .join(', ') || 'none';

/** A rare value is often absent from a window by chance: the chance of that has to be below this. */
const chanceOfConstant = 1e-6;

const constant: Check = ({ figures, reference }, { constant: asked }) => {
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
      !asked || reference === null || reference.distinct < 2 || present === 0
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
