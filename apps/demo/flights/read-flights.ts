import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileSource, loadTable } from '#libs/datasets/index.js';
import { flightsOf, flightsSchema, FlightsUnfit, type Flights } from './flights.js';

/** Three million flights in the United States, January to June 2001, of the package vega-datasets (BSD-3-Clause). */
export async function readFlights(): Promise<Flights> {
  const table = await loadTable(await fileSource(findFlights()), 'parquet', flightsSchema);
  if (table.ok) return flightsOf(table.value);
  const { where, detail } = table.rejection;
  throw new FlightsUnfit([where, detail].filter((part) => part !== null).join(': '));
}

/**
 * The data file. The package's exports name its program, `build/index.js`; the data lie beside that.
 * @throws FlightsUnfit where the package or the file is missing
 */
export function findFlights(): string {
  const file = join(dirname(programOf('vega-datasets')), '..', 'data', 'flights-3m.parquet');
  if (!existsSync(file)) throw new FlightsUnfit(`there is no ${file}: this vega-datasets has no flights of 2001`);
  return file;
}

function programOf(name: string): string {
  try {
    return createRequire(import.meta.url).resolve(name);
  } catch (error) {
    throw new FlightsUnfit(
      `the package ${name}, which has the flights, is not installed: it is a development dependency (npm ci --include=dev)`,
      { cause: error },
    );
  }
}
