/** One training of the case `training`, as both sides read it from a file of JSON. */
export interface TrainingTask {
  /** float32, little endian: each column, then the class, of `rows` to learn from and `test` to measure on. */
  readonly file: string;
  readonly rows: number;
  readonly test: number;
  readonly columns: number;
  readonly algorithm: 'gradient_boosting' | 'random_forest';
  readonly threads: number;
}

/** What one training took: reading the file is no part of it. */
export interface Trained {
  readonly seconds: number;
  readonly cpu_seconds: number;
  /** Of the rows that were not learned from. */
  readonly accuracy: number;
  /** Of the process at its largest, beyond what it held with the file read. */
  readonly peak_bytes?: number;
}
