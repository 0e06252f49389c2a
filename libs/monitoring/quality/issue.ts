import type { QualityCheck, QualityVerdict } from '#libs/contracts/index.js';
import { sha256Hex } from '#libs/kernel/index.js';
import { cut } from './told.js';

export type Issue = QualityVerdict['issues'][number];

/** One check of one column, or of the data set. */
export interface Checked extends Omit<Issue, 'detail'> {
  /** In words; most checks find nothing, and need none. */
  readonly detail: () => string;
  /** Null: not enough evidence. */
  readonly wrong: boolean | null;
}

const longestName = 400;
const longestDetail = 1000;

/** What a check of a column is called, in findings and in lists of what holds; `*`: the data set. */
export const qualityCondition = (check: QualityCheck, column: string | null): string =>
  `quality/${check}/${column === null ? '*' : shortName(column)}`;

/** Longer names are told by their beginning and a digest. */
const shortName = (column: string): string =>
  column.length <= longestName ? column : `${cut(column, longestName)}…${sha256Hex(column).slice(0, 16)}`;

export const issueOf = ({ check, column, value, expected, threshold, detail }: Checked): Issue => ({
  ...{ check, column, value, expected, threshold },
  detail: cut(detail(), longestDetail),
});

/** 0.0312 as 3.1 %. */
export const percent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`;
