import type { Row, Spread } from './summary.js';

type Column = readonly [heading: string, cell: (row: Row) => string];

/** The rows as aligned text. Columns that no row fills are left out. */
export function renderTable(unit: string, rows: readonly Row[]): string {
  const columns: readonly Column[] = [
    ['', (row) => row.name],
    [unit, (row) => figure(row.value.median)],
    [
      '(blocks)',
      (row) => (row.value.min === row.value.max ? '' : `(${figure(row.value.min)} to ${figure(row.value.max)})`),
    ],
    ['ratio', (row) => (row.ratio === undefined ? '' : ratio(row.ratio))],
    ['to', (row) => row.ratio?.against ?? ''],
    ['p50 ms', (row) => milliseconds(row.latency_ms?.p50)],
    ['p95', (row) => milliseconds(row.latency_ms?.p95)],
    ['p99', (row) => milliseconds(row.latency_ms?.p99)],
    ['max', (row) => milliseconds(row.latency_ms?.max)],
    ['CPU µs each', (row) => cpu(row.cpu_micros)],
    ['generator', (row) => (row.generator_share === undefined ? '' : `${(row.generator_share * 100).toFixed(0)} %`)],
    ['', remarks],
  ];
  const cells = columns
    .map(([heading, cell]) => [heading, ...rows.map(cell)])
    .filter(([, ...values]) => values.some((value) => value !== ''));
  const widths = cells.map((column) => Math.max(...column.map((text) => text.length)));
  const line = (index: number) =>
    cells
      .map((column, i) =>
        leftAligned(column) ? column[index]!.padEnd(widths[i]!) : column[index]!.padStart(widths[i]!),
      )
      .join('  ')
      .trimEnd();
  return Array.from({ length: rows.length + 1 }, (_, index) => line(index)).join('\n');
}

/** Three significant digits below a hundred, whole numbers with thousands marked from there on. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return 'none';
  if (Math.abs(value) < 100) return value === 0 ? '0' : String(Number(value.toPrecision(3)));
  return Math.round(value).toLocaleString('en-US');
}

const leftAligned = ([heading]: readonly string[]): boolean => heading === '' || heading === 'to';

const ratio = (spread: Spread): string =>
  `${spread.median.toFixed(2)} (${spread.min.toFixed(2)} to ${spread.max.toFixed(2)})`;

const milliseconds = (value: number | undefined): string => (value === undefined ? '' : figure(value));

const cpu = (byName: Readonly<Record<string, number>> | undefined): string =>
  Object.entries(byName ?? {})
    .map(([name, micros]) => `${name} ${figure(micros)}`)
    .join(', ');

function remarks(row: Row): string {
  const bound = row.generator_bound ? ['generator-bound'] : [];
  const failed = row.failures > 0 ? [`${figure(row.failures)} FAILED (${row.first_failure ?? ''})`] : [];
  return [...bound, ...failed].join('; ');
}
