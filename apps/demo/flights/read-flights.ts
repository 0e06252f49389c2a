import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileSource, loadTable } from '#libs/datasets/index.js';
import { flightsOf, flightsSchema, FlightsUnfit, type Flights } from './flights.js';

/** Three million flights in the United States, January to June 2001, of the package vega-datasets (BSD-3-Clause). */
export async function readFlights(): Promise<Flights> {
  const table = await loadTable(await fileSource(flightsFile()), 'parquet', flightsSchema);
  if (table.ok) return flightsOf(table.value);
  const { where, detail } = table.rejection;
  throw new FlightsUnfit([where, detail].filter((part) => part !== null).join(': '));
}

/** Its exports name its program, `build/index.js`; the data lie beside that. */
function flightsFile(): string {
  const program = createRequire(import.meta.url).resolve('vega-datasets');
  return join(dirname(program), '..', 'data', 'flights-3m.parquet');
}
