import type { ColumnQuality, MonitoringSettings, QualityVerdict } from '#libs/contracts/index.js';
import type { ColumnFigures } from '#libs/statistics/index.js';
import { featureOf } from '../rows/refused-columns.js';
import type { OpenWindow } from '../windows/open-window.js';
import { checkColumn, outOfRange, type CheckedColumn } from './column-checks.js';
import { issueOf, percent, type Checked } from './issue.js';
import { cut, roomOf, told } from './told.js';

export interface QualityOfWindow {
  readonly verdict: QualityVerdict;
  /** All that was judged, whatever came out. */
  readonly checked: readonly Checked[];
}

/** Values by name that a record tells of all columns together. */
const mostUnseenValues = 1000;
const longestValue = 100;

/**
 * The figures of a window's features and what is wrong with them.
 * @param others checks of the data set: its volume, its reference.
 */
export function qualityOfWindow(
  window: OpenWindow,
  figures: readonly ColumnFigures[],
  { quality, drift_detection: { min_rows } }: MonitoringSettings,
  others: readonly Checked[],
): QualityOfWindow {
  const enough = window.rows >= min_rows;
  const columns = checkedColumns(window, figures);
  const checked = [
    ...columns.flatMap((column) => checkColumn(column, quality, enough)),
    unnamedRefusals(window, quality, enough),
    ...others,
  ];
  const issues = checked.filter(({ wrong }) => wrong === true).map(issueOf);
  const flawed = new Set(issues.map(({ column }) => column));
  let room = mostUnseenValues;
  const verdicts = columns.map((column): ColumnQuality => {
    const verdict = columnQuality(column, room);
    room -= verdict.unseen_values.length;
    return verdict;
  });
  return {
    checked,
    verdict: {
      columns: told(verdicts, roomOf.columns, (a, b) => Number(flawed.has(b.column)) - Number(flawed.has(a.column))),
      issues: told(issues, roomOf.issues, () => 0),
    },
  };
}

function checkedColumns(window: OpenWindow, figures: readonly ColumnFigures[]): CheckedColumn[] {
  const { columns, lookups } = window.layout.features;
  return figures.map((own, index) => {
    const { name, form } = columns[index]!;
    const { reference } = lookups[index]!;
    return {
      figures: form.kind === 'codes' ? { ...own, min: null, max: null, mean: null, sd: null } : own,
      reference: form.kind === 'reference' ? reference : null,
      refused: window.refusedBy.get(name) ?? window.refusedBy.get(featureOf(name)) ?? 0,
      rows: window.rows,
    };
  });
}

function columnQuality({ figures, reference, refused }: CheckedColumn, room: number): ColumnQuality {
  const values = figures.unseen.first.toSorted((a, b) => b.rows - a.rows).slice(0, room);
  return {
    column: figures.name,
    rows: figures.rows,
    missing: figures.missing,
    out_of_range: outOfRange(figures),
    unseen: reference === null ? 0 : figures.unseen.rows,
    unseen_values:
      reference === null
        ? []
        : values.map(({ category, rows }) => ({ value: cut(category, longestValue), count: rows })),
    type_errors: refused + figures.typeErrors,
    distinct: figures.distinct,
    min: figures.min,
    max: figures.max,
    mean: figures.mean,
    sd: figures.sd,
  };
}

/** Rows that were refused and name no column of the version. */
function unnamedRefusals(
  window: OpenWindow,
  { max_type_errors: threshold }: MonitoringSettings['quality'],
  enough: boolean,
): Checked {
  const refused = window.refusedBy.get('') ?? 0;
  const value = window.rows === 0 ? 0 : refused / window.rows;
  return {
    ...{ check: 'type', column: null, value, expected: 0, threshold },
    detail: () => `${percent(value)} of the rows were refused for what is no column of the version`,
    wrong: enough ? value > threshold : null,
  };
}
