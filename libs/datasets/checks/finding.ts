import type { DataFinding, Severity } from '#libs/contracts/index.js';
import { nearNames } from '#libs/kernel/index.js';

/** Rows that a finding tells. */
const mostExamples = 10;

/** Rows that a check met: how many, and the first ones. */
export class MetRows {
  rows = 0;
  readonly examples: number[] = [];

  add(row: number): void {
    this.rows++;
    if (this.examples.length < mostExamples) this.examples.push(row);
  }
}

export interface Found {
  readonly check: DataFinding['check'];
  readonly severity: Severity;
  readonly message: string;
  readonly column?: string;
  /** Rows that are concerned; a number where they cannot be told one by one. */
  readonly rows?: MetRows | number;
}

export function finding({ check, severity, message, column, rows = 0 }: Found): DataFinding {
  const met = typeof rows === 'number' ? { rows, examples: [] } : { rows: rows.rows, examples: rows.examples };
  return { check, severity, column: column ?? null, message, ...met };
}

/** ` (did you mean 'age'?)`, or nothing. */
export function meant(name: string, known: readonly string[]): string {
  const near = nearNames(name, known).map((one) => `'${one}'`);
  return near.length === 0 ? '' : ` (did you mean ${near.join(' or ')}?)`;
}

export const percent = (share: number): string => `${Number((100 * share).toPrecision(3))} %`;
