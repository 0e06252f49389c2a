import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { seededRandom } from '#libs/inference/index.js';

/** A few hundred kilobytes: one write each. */
const rowsPerWrite = 1000;

const cities = ['Berlin', 'Paris', 'München', '"New York, NY"', 'Rome'];

/**
 * Writes a CSV file of 30 columns of every type, as the same bytes for the same seed: 12 numbers of six decimals, 6 of all
 * digits, 6 integers, a boolean, categories of 5 and of 2,000, a text that hardly comes twice, an instant, and a number
 * of which a fifth is missing.
 * @param bytes at least so many, and less than a write more.
 */
export async function writeThirtyColumns(file: string, bytes: number, seed: number): Promise<void> {
  const random = seededRandom(seed);
  const out = createWriteStream(file);
  out.write(`${header.join(',')}\n`);
  for (let written = 0; written < bytes;) {
    const text = Array.from({ length: rowsPerWrite }, () => rowOf(random)).join('');
    written += Buffer.byteLength(text);
    if (!out.write(text)) await once(out, 'drain');
  }
  out.end();
  await finished(out);
}

const numbered = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

const header = [
  ...[...numbered('rounded', 12), ...numbered('full', 6), ...numbered('integer', 5)],
  ...['flag', 'city', 'code', 'id', 'at', 'gap', 'label'],
];

function rowOf(random: () => number): string {
  const below = (bound: number): number => Math.floor(random() * bound);
  let row = '';
  for (let column = 0; column < 12; column++) row += `${normal(random).toFixed(6)},`;
  for (let column = 0; column < 6; column++) row += `${normal(random) * 10 ** column},`;
  for (let column = 0; column < 5; column++) row += `${below(10 ** (column + 1))},`;
  const at = new Date(1000 * (1_500_000_000 + below(200_000_000))).toISOString();
  row += `${random() < 0.3},${cities[below(cities.length)]!},K${below(2000)},row-${below(1e9)},${at},`;
  return `${row}${random() < 0.2 ? '' : normal(random).toFixed(3)},${below(2)}\n`;
}

/** By Box and Muller (1958). */
const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
