import { ModelogError } from '#libs/kernel/index.js';
import type { DatasetSchema, NumberColumn, Table, TextColumn } from '#libs/contracts/index.js';

/** Flights in order of departure. */
export interface Flights {
  readonly rows: number;
  /** Milliseconds since the epoch, of the clock at the origin; whole minutes. */
  readonly departed: Float64Array;
  /** Minutes late at the destination; negative: early. */
  readonly delay: Float64Array;
  /** Miles. */
  readonly distance: Float64Array;
  readonly origin: Airports;
  readonly destination: Airports;
}

/** Row r has `names[codes[r]]`. */
export interface Airports {
  readonly codes: Int32Array;
  readonly names: readonly string[];
}

/** The file's columns as libs/datasets reads them. */
export const flightsSchema: DatasetSchema = {
  columns: [
    { name: 'date', type: 'timestamp', nullable: false },
    { name: 'delay', type: 'integer', nullable: false },
    { name: 'distance', type: 'integer', nullable: false },
    { name: 'origin', type: 'category', nullable: false },
    { name: 'destination', type: 'category', nullable: false },
  ],
};

export class FlightsUnfit extends ModelogError {
  constructor(message: string, options?: ErrorOptions) {
    super('flights_unfit', message, options);
  }
}

/** @throws FlightsUnfit for a value that is missing, and for flights that are not in order of departure */
export function flightsOf(table: Table): Flights {
  const departed = numbersOf(table, 'date');
  for (let row = 1; row < table.rows; row++)
    if (departed[row]! < departed[row - 1]!)
      throw new FlightsUnfit(`row ${row + 1}: it departs before the row above, expected flights in order of departure`);
  return {
    rows: table.rows,
    departed,
    delay: numbersOf(table, 'delay'),
    distance: numbersOf(table, 'distance'),
    origin: airportsOf(table, 'origin'),
    destination: airportsOf(table, 'destination'),
  };
}

/** The first row that departs at or after a moment; `rows` where none does. */
export function firstFrom({ departed, rows }: Flights, at: number): number {
  let [low, high] = [0, rows];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (departed[middle]! < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

export const airportOf = ({ codes, names }: Airports, row: number): string => names[codes[row]!]!;

function numbersOf(table: Table, name: string): Float64Array {
  const column = table.columns.find((one): one is NumberColumn => one.name === name && 'values' in one);
  if (column === undefined) throw new FlightsUnfit(`expected a column '${name}' of numbers or instants`);
  refuseMissing(name, column.values.findIndex(Number.isNaN));
  return column.values;
}

function airportsOf(table: Table, name: string): Airports {
  const column = table.columns.find((one): one is TextColumn => one.name === name && 'codes' in one);
  if (column === undefined) throw new FlightsUnfit(`expected a column '${name}' of text`);
  refuseMissing(name, column.codes.indexOf(-1));
  return { codes: column.codes, names: column.dictionary };
}

function refuseMissing(name: string, row: number): void {
  if (row !== -1) throw new FlightsUnfit(`row ${row + 1}: '${name}' is missing, expected a value`);
}
