/**
 * Takes the values of one column, row by row. What a format knows of a value decides which method is called: a cell of CSV
 * is text of no type; the others hold numbers, booleans, instants and strings.
 */
export interface CellSink {
  /** @param rows how many rows, one after the other, hold nothing. */
  missing(rows: number): void;
  /**
   * UTF-8 in `bytes` from `start` until before `end`, valid during the call. Empty is given as missing.
   * @param decimal the number that it is, if the reader knows it; else NaN.
   */
  cell(bytes: Buffer, start: number, end: number, decimal: number): void;
  /** NaN is a missing value. */
  number(value: number): void;
  boolean(value: boolean): void;
  /** Milliseconds since the epoch. */
  timestamp(value: number): void;
  /** Empty is a missing value. */
  string(value: string): void;
}

/** Called for each column of a data set when it is first met. null: its values are not wanted. */
export type OpenColumn = (name: string) => CellSink | null;
