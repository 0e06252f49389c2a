import type { ReferenceColumn } from '../../summary/column.js';
import { fewValues } from '../../summary/edges.js';
import { driftTestNamed } from '../registry.js';
import type { ColumnKind, DriftTest } from '../test.js';

/** What every policy lets its caller name for single columns. */
export interface ColumnChoices {
  /** Test by column. */
  readonly tests?: Readonly<Record<string, string>>;
  /** Threshold by column: see the policy for what it is of. */
  readonly thresholds?: Readonly<Record<string, number>>;
}

/** Numeric columns of at most 5 values are compared value by value, as Evidently does. */
export const kindOf = (reference: ReferenceColumn): ColumnKind =>
  reference.bins.kind === 'categorical' || reference.distinct <= fewValues ? 'categorical' : 'numeric';

/** The test named for a column, null where none is. @throws RangeError for one that does not take such columns. */
export function testNamedFor(reference: ReferenceColumn, tests: Readonly<Record<string, string>>): DriftTest | null {
  if (!Object.hasOwn(tests, reference.name)) return null;
  const named = tests[reference.name]!;
  const test = driftTestNamed(named, `tests.${reference.name}`);
  if (test.kinds.includes(reference.bins.kind) || test.kinds.includes(kindOf(reference))) return test;
  throw new RangeError(`tests.${reference.name}: expected a test of ${kindOf(reference)} columns, got ${named}`);
}

/** @throws RangeError for tests that do not exist and thresholds that are none. */
export function checkChoices({ tests = {}, thresholds = {} }: ColumnChoices, highest: number): void {
  for (const [column, name] of Object.entries(tests)) driftTestNamed(name, `tests.${column}`);
  for (const [column, threshold] of Object.entries(thresholds)) {
    requireWithin(`thresholds.${column}`, threshold, 0, highest);
  }
}

/** @throws RangeError for names of columns that are not there. */
export function checkColumns(
  { tests = {}, thresholds = {} }: ColumnChoices,
  columns: readonly ReferenceColumn[],
): void {
  const names = new Set(columns.map(({ name }) => name));
  for (const [parameter, named] of [
    ['tests', tests],
    ['thresholds', thresholds],
  ] as const) {
    const unknown = Object.keys(named).find((name) => !names.has(name));
    if (unknown !== undefined) throw new RangeError(`${parameter}.${unknown}: expected a column of the reference`);
  }
  for (const column of columns) testNamedFor(column, tests);
}

export function requireWithin(name: string, value: number, lowest: number, highest: number): void {
  if (value >= lowest && value <= highest) return;
  const range = highest === Infinity ? `${lowest} or more` : `from ${lowest} to ${highest}`;
  throw new RangeError(`${name}: expected ${range}, got ${value}`);
}
