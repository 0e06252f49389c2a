import type { DataChecks, DatasetSchema, LearningTask, Table } from '#libs/contracts/index.js';
import { columnFindings } from './column-checks.js';
import { constantFindings, infiniteFindings } from './feature-checks.js';
import { checkLabel, type LabelAnswer } from './label.js';
import { leakageFindings } from './leakage.js';
import { rowFindings } from './row-checks.js';
import { missingColumn, schemaFindings } from './schema-checks.js';

export interface CheckOptions {
  readonly checks: DataChecks;
  /** Of the table, as it was scanned. */
  readonly schema: DatasetSchema;
  /** What the schema has to be. */
  readonly expectedSchema?: DatasetSchema;
  /** The column that is to be predicted. */
  readonly target: string;
  /** Left out: told by the target's values. */
  readonly task?: LearningTask;
  /** Columns to predict from; left out: all but the target. */
  readonly features?: readonly string[];
}

/** What is to be learnt, and every finding: those of the schema first, then rows, columns, label and features. */
export function checkTable(table: Table, options: CheckOptions): LabelAnswer {
  const { checks, schema, expectedSchema, target } = options;
  const names = table.columns.map(({ name }) => name);
  const asked = options.features ?? names.filter((name) => name !== target);
  const features = table.columns.filter(({ name }) => asked.includes(name));
  const label = checkLabel(table, target, options.task, checks.label);
  const labels = table.columns.find(({ name }) => name === target);
  const learnable = !label.findings.some(({ severity }) => severity === 'error');
  return {
    ...label,
    findings: [
      ...(expectedSchema === undefined ? [] : schemaFindings(table, schema, expectedSchema)),
      ...asked.filter((name) => !names.includes(name)).map((name) => missingColumn(name, names)),
      ...rowFindings(table, checks),
      ...columnFindings(table, checks.columns),
      ...infiniteFindings(table),
      ...label.findings,
      ...constantFindings(table.rows, features),
      ...(learnable && labels !== undefined
        ? leakageFindings(table, features, labels, label.task, checks.leakage)
        : []),
    ],
  };
}
