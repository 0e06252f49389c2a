/**
 * Why nothing can be learned or measured: `invalid_data` arrays that do not fit together, or hold what they must not ·
 * `missing_value` and `infinite_value` in a column of a trainer that takes none · `single_class` all rows are of one
 * class · `cannot_split` the rows cannot be parted as asked.
 */
export type LearningRefusalReason =
  'invalid_data' | 'missing_value' | 'infinite_value' | 'single_class' | 'cannot_split';

export interface LearningRefusal {
  readonly reason: LearningRefusalReason;
  /** `column 'age'`, `target`, `validation.split`; null: the data as a whole. */
  readonly where: string | null;
  /** What was found and what was expected. */
  readonly detail: string;
}
