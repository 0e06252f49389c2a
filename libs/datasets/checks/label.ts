import type { DataChecks, DataFinding, LearningTask, Table, TableColumn } from '#libs/contracts/index.js';
import { isMissing, keyOf, valueOf } from './column-values.js';
import { finding, meant, MetRows, percent } from './finding.js';

/** Integers of so many different values are taken for classes. */
const mostIntegerClasses = 20;

/** Models with more classes than that are not built. */
const mostClasses = 1000;

/**
 * As trained, in the order of the probabilities: integers ascending, texts in order of their code units; of booleans the
 * texts `false` and `true`. null: a regression.
 */
export type LabelClasses = number[] | string[] | null;

export interface LabelAnswer {
  readonly task: LearningTask;
  readonly classes: LabelClasses;
  readonly findings: readonly DataFinding[];
}

/**
 * What is learnt, and whether it can be. Categories, texts, booleans and integers of at most 20 different values are classes,
 * unless a task is given. Rows without a label are warned of: nothing is learnt from them.
 */
export function checkLabel(
  table: Table,
  target: string,
  task: LearningTask | undefined,
  checks: DataChecks['label'],
): LabelAnswer {
  const column = table.columns.find(({ name }) => name === target);
  if (column === undefined) {
    const names = table.columns.map(({ name }) => name);
    const message = `there is no column '${target}' to predict${meant(target, names)}`;
    const absent = finding({ check: 'label_missing', severity: 'error', column: target, message });
    return { task: task ?? 'classification', classes: null, findings: [absent] };
  }
  const counts = countsOf(table.rows, column);
  const learnt = task ?? inferredTask(column, counts.rowsOf.size);
  const findings = [missingLabels(table.rows, target, counts.missing), impossible(column, counts, learnt)];
  const present = findings.filter((one) => one !== null);
  if (learnt === 'regression' || present.some(({ severity }) => severity === 'error'))
    return { task: learnt, classes: null, findings: present };
  const classes = classesOf(column, counts);
  return { task: learnt, classes, findings: [...present, ...balanceFindings(column, counts, checks)] };
}

interface LabelCounts {
  /** By key: the rows of a value, and the first of them as examples. Of more values than classes can be, the first ones. */
  readonly rowsOf: ReadonlyMap<number, MetRows>;
  readonly missing: MetRows;
}

function countsOf(rows: number, column: TableColumn): LabelCounts {
  const [rowsOf, missing] = [new Map<number, MetRows>(), new MetRows()];
  const [key, lacks] = [keyOf(column), isMissing(column)];
  for (let row = 0; row < rows; row++) {
    if (lacks(row)) {
      missing.add(row);
      continue;
    }
    let met = rowsOf.get(key(row));
    if (met === undefined) {
      if (rowsOf.size > mostClasses) continue;
      met = new MetRows();
      rowsOf.set(key(row), met);
    }
    met.add(row);
  }
  return { rowsOf, missing };
}

function inferredTask({ type }: TableColumn, distinct: number): LearningTask {
  if (type === 'numeric' || type === 'timestamp') return 'regression';
  return type === 'integer' && distinct > mostIntegerClasses ? 'regression' : 'classification';
}

function missingLabels(rows: number, target: string, missing: MetRows): DataFinding | null {
  if (missing.rows === 0) return null;
  const all = missing.rows === rows;
  const message = all
    ? `'${target}' is missing in every row`
    : `'${target}' is missing in ${missing.rows} rows, which are left out`;
  return finding({
    check: 'label_missing',
    severity: all ? 'error' : 'warning',
    column: target,
    message,
    rows: missing,
  });
}

function impossible(column: TableColumn, { rowsOf }: LabelCounts, task: LearningTask): DataFinding | null {
  const { name, type } = column;
  if (rowsOf.size === 0) return null;
  const why = typeFault(column, rowsOf.size, task);
  if (why !== null)
    return finding({ check: 'label_type', severity: 'error', column: name, message: `'${name}' is ${why}` });
  if (rowsOf.size > 1) return null;
  const [[, met]] = [...rowsOf] as [[number, MetRows]];
  const value = JSON.stringify(valueOf(column, met.examples[0]!));
  const message = `'${name}' is ${value} in every row that has it, expected different ${type === 'numeric' ? 'values' : 'labels'}`;
  return finding({ check: 'label_constant', severity: 'error', column: name, message, rows: met });
}

function typeFault({ type }: TableColumn, distinct: number, task: LearningTask): string | null {
  if (type === 'timestamp') return 'timestamp, expected classes or numbers';
  if (task === 'regression')
    return type === 'category' || type === 'text' ? `${type}, expected numbers for a regression` : null;
  if (type === 'numeric') return 'numeric, expected integers, text or booleans as classes';
  return distinct > mostClasses ? `of more than ${mostClasses} classes, expected at most so many` : null;
}

function classesOf(column: TableColumn, { rowsOf }: LabelCounts): number[] | string[] {
  const keys = [...rowsOf.keys()];
  if ('codes' in column) return keys.map((code) => column.dictionary[code]!).sort(inCodeUnitOrder);
  keys.sort((a, b) => a - b);
  return column.type === 'boolean' ? keys.map((value) => String(value !== 0)) : keys;
}

const inCodeUnitOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** A class of a single row cannot be split into training and hold-out. */
function balanceFindings(column: TableColumn, { rowsOf }: LabelCounts, checks: DataChecks['label']): DataFinding[] {
  const { name } = column;
  const classes = [...rowsOf.values()].map((met) => ({
    met,
    label: JSON.stringify(valueOf(column, met.examples[0]!)),
  }));
  const labelled = classes.reduce((sum, { met }) => sum + met.rows, 0);
  const single = classes.filter(({ met }) => met.rows === 1);
  const least = Math.max(checks.min_class_rows, checks.min_class_share * labelled);
  const rare = classes.filter(({ met }) => met.rows > 1 && met.rows < least);
  const found: DataFinding[] = [];
  if (single.length > 0) {
    const message = `${listed(single)} of '${name}' in a single row each, expected at least two`;
    found.push(finding({ check: 'label_balance', severity: 'error', column: name, message, rows: together(single) }));
  }
  if (rare.length > 0) {
    const expected = `at least ${checks.min_class_rows} rows and ${percent(checks.min_class_share)} of those with a label`;
    const message = `${listed(rare)} of '${name}' in few rows, expected ${expected} for each class`;
    found.push(
      finding({ check: 'label_balance', severity: checks.severity, column: name, message, rows: together(rare) }),
    );
  }
  return found;
}

interface ClassRows {
  readonly met: MetRows;
  readonly label: string;
}

function listed(classes: readonly ClassRows[]): string {
  const shown = classes.slice(0, 5).map(({ label, met }) => (met.rows === 1 ? label : `${label} (${met.rows})`));
  const more = classes.length > 5 ? ` and ${classes.length - 5} more` : '';
  return `${shown.join(', ')}${more}`;
}

function together(classes: readonly ClassRows[]): MetRows {
  const all = new MetRows();
  const examples = classes.flatMap(({ met }) => met.examples).sort((a, b) => a - b);
  for (const row of examples) all.add(row);
  all.rows = classes.reduce((sum, { met }) => sum + met.rows, 0);
  return all;
}
