import { assertNever, nearNames } from '#libs/kernel/index.js';

export type ParameterValue = number | string | boolean;
export type GivenParameters = Readonly<Record<string, ParameterValue>>;

/** Ends of a range: `from` and `to` belong to it, `above` and `below` do not. */
interface Range {
  readonly from?: number;
  readonly above?: number;
  readonly to?: number;
  readonly below?: number;
}

interface NumberParameter extends Range {
  readonly type: 'number' | 'integer';
  readonly default: number;
  readonly about: string;
}

interface ChoiceParameter {
  readonly type: 'choice';
  readonly options: readonly string[];
  readonly default: string;
  readonly about: string;
}

interface BooleanParameter {
  readonly type: 'boolean';
  readonly default: boolean;
  readonly about: string;
}

export type Parameter = NumberParameter | ChoiceParameter | BooleanParameter;
export type Parameters = Readonly<Record<string, Parameter>>;

type ValueOf<P extends Parameter> = P extends ChoiceParameter
  ? P['options'][number]
  : P extends BooleanParameter
    ? boolean
    : number;

/** A value for each parameter, of its type. */
export type Values<P extends Parameters> = { readonly [Name in keyof P]: ValueOf<P[Name]> };

/**
 * Every parameter: those that are given, and the defaults of the others.
 * @throws RangeError that names every unknown one and every one out of range, what was given and what was expected.
 */
export function readParameters<P extends Parameters>(owner: string, known: P, given: GivenParameters): Values<P> {
  const faults = Object.entries(given).flatMap(([name, value]) => faultOf(known, name, value));
  if (faults.length > 0) throw new RangeError(`${owner}: ${faults.join('; ')}`);
  const values = Object.entries(known).map(([name, parameter]) => [name, given[name] ?? parameter.default]);
  return Object.fromEntries(values) as Values<P>;
}

/** `a whole number from 1 to 1000`. */
export function expectedValue(parameter: Parameter): string {
  switch (parameter.type) {
    case 'boolean':
      return 'true or false';
    case 'choice':
      return `one of ${parameter.options.join(', ')}`;
    case 'number':
      return `a number ${endsOf(parameter)}`;
    case 'integer':
      return `a whole number ${endsOf(parameter)}`;
    default:
      return assertNever(parameter, 'parameter');
  }
}

function faultOf(known: Parameters, name: string, value: ParameterValue): string[] {
  const parameter = Object.hasOwn(known, name) ? known[name] : undefined;
  if (parameter === undefined) return [unknownParameter(name, Object.keys(known))];
  return holds(parameter, value) ? [] : [`${name}: expected ${expectedValue(parameter)}, got ${JSON.stringify(value)}`];
}

function unknownParameter(name: string, known: readonly string[]): string {
  const near = nearNames(name, known);
  return near.length > 0
    ? `${name}: no such parameter; near: ${near.join(', ')}`
    : `${name}: no such parameter; expected ${known.join(', ')}`;
}

function holds(parameter: Parameter, value: ParameterValue): boolean {
  switch (parameter.type) {
    case 'boolean':
      return typeof value === 'boolean';
    case 'choice':
      return typeof value === 'string' && parameter.options.includes(value);
    case 'number':
      return typeof value === 'number' && within(parameter, value);
    case 'integer':
      return Number.isSafeInteger(value) && within(parameter, value as number);
    default:
      return assertNever(parameter, 'parameter');
  }
}

const within = ({ from = -Infinity, above = -Infinity, to = Infinity, below = Infinity }: Range, value: number) =>
  value >= from && value > above && value <= to && value < below;

function endsOf({ from, above, to, below }: Range): string {
  const ends = [
    from === undefined ? [] : [`from ${from}`],
    above === undefined ? [] : [`above ${above}`],
    to === undefined ? [] : [`to ${to}`],
    below === undefined ? [] : [`and below ${below}`],
  ];
  return ends.flat().join(' ');
}
