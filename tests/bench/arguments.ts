import { parseArgs, type ParseArgsConfig } from 'node:util';
import { messageOf, ModelogError } from '#libs/kernel/index.js';
import type { BenchCase } from './bench.js';

export interface Arguments {
  readonly help: boolean;
  readonly cases: readonly BenchCase[];
  readonly seconds: number;
  readonly blocks: number;
  readonly confine: boolean;
  /** Where to write the results, if anywhere. */
  readonly json?: string;
}

/** The command line cannot be understood; the message names the argument and what was expected. */
export class InvalidArguments extends ModelogError {
  constructor(message: string) {
    super('invalid_arguments', message);
  }
}

const options = {
  only: { type: 'string', multiple: true, default: [] },
  seconds: { type: 'string', default: '2' },
  blocks: { type: 'string', default: '5' },
  confine: { type: 'boolean', default: false },
  json: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const satisfies ParseArgsConfig['options'];

/** @throws InvalidArguments */
export function parseArguments(argv: readonly string[], cases: readonly BenchCase[]): Arguments {
  const given = parsed(argv);
  return {
    help: given.help,
    cases: given.only.length === 0 ? cases : given.only.map((name) => caseNamed(name, cases)),
    seconds: numberIn('--seconds', given.seconds, 0.1, 600),
    blocks: wholeNumber('--blocks', given.blocks, 1, 100),
    confine: given.confine,
    ...(given.json === undefined ? {} : { json: given.json }),
  };
}

export function usage(cases: readonly BenchCase[]): string {
  const width = Math.max(...cases.map(({ name }) => name.length));
  return [
    'usage: npm run bench [-- <options>]',
    '',
    '  --only <case>     only this case; may be repeated',
    '  --seconds <s>     length of one block of one alternative (2)',
    '  --blocks <n>      how many blocks each alternative gets, in turn with the others (5)',
    '  --json <file>     also writes the results there',
    "  --confine         keep NATS, PostgreSQL and every other process on the server's core too, beside serving",
    '  --help            this',
    '',
    'cases:',
    ...cases.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`),
    '',
    'exit code: 0 measured; 1 a measurement failed or an answer was wrong; 2 not possible here or as asked; 130 interrupted',
  ].join('\n');
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options }).values;
  } catch (error) {
    throw new InvalidArguments(messageOf(error));
  }
}

function caseNamed(name: string, cases: readonly BenchCase[]): BenchCase {
  const found = cases.find((one) => one.name === name);
  if (found !== undefined) return found;
  throw new InvalidArguments(`--only: expected one of ${cases.map((one) => one.name).join(', ')}, got "${name}"`);
}

function numberIn(name: string, text: string, min: number, max: number): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (value >= min && value <= max) return value;
  throw new InvalidArguments(`${name}: expected a number from ${min} to ${max}, got "${text}"`);
}

function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = numberIn(name, text, min, max);
  if (Number.isInteger(value)) return value;
  throw new InvalidArguments(`${name}: expected a whole number, got "${text}"`);
}
