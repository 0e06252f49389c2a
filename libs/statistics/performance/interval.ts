/** A figure with what it may be off by, as a sample of so many rows tells it. */
export interface EnoughEvidence {
  readonly enough: true;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Rows that bear on the figure. */
  readonly rows: number;
}

/** Too few rows for an interval that means anything; the figure itself, where it is defined, is beside it. */
export interface NotEnoughEvidence {
  readonly enough: false;
  readonly value: number | null;
  readonly rows: number;
  readonly needed: number;
}

export type MetricInterval = EnoughEvidence | NotEnoughEvidence;

export interface IntervalOptions {
  /** Share of samples whose interval holds the true figure, default 0.95. */
  readonly level?: number;
  /** Rows below which there is not enough evidence, default 30; of an area, rows of either class, default 10. */
  readonly fewest?: number;
}

/** @throws RangeError for a level outside of 0 to 1. */
export function checkLevel(level: number): void {
  if (!(level > 0 && level < 1)) throw new RangeError(`level: expected between 0 and 1, got ${level}`);
}
