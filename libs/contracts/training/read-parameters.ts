import { z } from 'zod';
import { accept, nearNames, reject, type Result } from '#libs/kernel/index.js';
import { rejection, type FieldError, type Rejection } from '../problems.js';
import { algorithmParameters, type Algorithm, type GivenParameters, type Learner } from './algorithms.js';

type Value = GivenParameters[string];

/** A hyper-parameter as other libraries call it, where it means the same but for its scale. */
interface Alias {
  readonly name: string;
  /** Left out: the value is the same. */
  readonly scale?: Scale;
}

interface Scale {
  /** What the value has to be as it is given: its limits need not be those of ours. */
  readonly given: z.ZodType;
  readonly convert: (value: Value) => Value;
}

const same = (name: string): Alias => ({ name });

const inverse: Scale = {
  given: z.number().gt(0),
  convert: (value) => (typeof value === 'number' && value > 0 ? 1 / value : value),
};

const aliases: Readonly<Record<Algorithm, Readonly<Record<string, Alias>>>> = {
  random_forest: { num_trees: same('n_estimators') },
  gradient_boosting: {
    // scikit-learn's HistGradientBoosting
    max_iter: same('n_estimators'),
    max_leaf_nodes: same('max_leaves'),
    l2_regularization: same('l2'),
    n_iter_no_change: same('early_stopping_rounds'),
    validation_fraction: same('validation_share'),
    // LightGBM and XGBoost
    num_leaves: same('max_leaves'),
    num_boost_round: same('n_estimators'),
    min_child_samples: same('min_samples_leaf'),
    min_data_in_leaf: same('min_samples_leaf'),
    reg_lambda: same('l2'),
    lambda_l2: same('l2'),
    eta: same('learning_rate'),
    max_bin: same('max_bins'),
  },
  logistic_regression: {
    tol: same('tolerance'),
    C: { name: 'l2', scale: inverse },
  },
  linear_regression: { tol: same('tolerance') },
};

/**
 * An algorithm with every hyper-parameter: those that are given, and the defaults of the others. Names of scikit-learn,
 * LightGBM and XGBoost are taken where they mean the same. Refused, all faults at once: `unknown_hyperparameter`, which
 * names the near ones, or `invalid_request`, with the values that are impossible.
 */
export function readParameters(algorithm: Algorithm, given: GivenParameters): Result<Learner, Rejection> {
  const { parameters, errors } = ownNames(algorithm, given);
  if (errors.length > 0) return refused('unknown_hyperparameter', algorithm, errors);
  const impossible = scaleErrors(algorithm, given);
  const parsed = algorithmParameters[algorithm].safeParse(parameters);
  if (parsed.success && impossible.length === 0) return accept({ algorithm, parameters: parsed.data } as Learner);
  const paths = new Map(Object.keys(given).map((name) => [nameIn(algorithm, name), name]));
  const others = parsed.success ? [] : valueErrors(parsed.error, paths);
  const told = new Set(impossible.map(({ path }) => path));
  return refused('invalid_request', algorithm, [...impossible, ...others.filter(({ path }) => !told.has(path))]);
}

/** Those that are given, under our names; what the algorithm does not have stays as it is. */
export const ownParameters = (algorithm: Algorithm, given: GivenParameters): GivenParameters =>
  ownNames(algorithm, given).parameters;

/** Our names of the hyper-parameters of an algorithm. */
export const parameterNames = (algorithm: Algorithm): readonly string[] =>
  Object.keys(algorithmParameters[algorithm].shape);

function refused(code: 'unknown_hyperparameter' | 'invalid_request', algorithm: Algorithm, errors: FieldError[]) {
  const what = errors.map(({ path, message }) => `${path}: ${message}`).join('; ');
  return reject(rejection(code, `${algorithm} cannot be trained so: ${what}`, errors));
}

const nameIn = (algorithm: Algorithm, name: string): string => aliasOf(algorithm, name)?.name ?? name;

function aliasOf(algorithm: Algorithm, name: string): Alias | undefined {
  const known = aliases[algorithm];
  return Object.hasOwn(known, name) ? known[name] : undefined;
}

function ownNames(algorithm: Algorithm, given: GivenParameters) {
  const parameters: Record<string, Value> = {};
  const writtenAs = new Map<string, string>();
  const errors: FieldError[] = [];
  for (const [written, value] of Object.entries(given)) {
    const alias = aliasOf(algorithm, written);
    const name = alias?.name ?? written;
    const before = writtenAs.get(name);
    if (!parameterNames(algorithm).includes(name)) errors.push(unknownName(algorithm, written));
    else if (before !== undefined)
      errors.push(fault(written, `expected one of ${before} and ${written}: they are the same`));
    writtenAs.set(name, written);
    parameters[name] = alias?.scale === undefined ? value : alias.scale.convert(value);
  }
  return { parameters, errors };
}

/** Of values on a scale of their own: a C of 0 would become no penalty at all, where it means an endless one. */
function scaleErrors(algorithm: Algorithm, given: GivenParameters): FieldError[] {
  return Object.entries(given).flatMap(([written, value]) => {
    const parsed = aliasOf(algorithm, written)?.scale?.given.safeParse(value);
    return parsed === undefined || parsed.success
      ? []
      : parsed.error.issues.map((issue) => fault(written, messageOf(issue)));
  });
}

const fault = (name: string, message: string): FieldError => ({ path: `hyperparameters.${name}`, message });

const unknownName = (algorithm: Algorithm, name: string): FieldError => fault(name, unknownParameter(algorithm, name));

/** What is said of a name that an algorithm does not have: the near ones, or all. */
export function unknownParameter(algorithm: Algorithm, name: string): string {
  const alias = aliasOf(algorithm, name);
  if (alias !== undefined) return `${algorithm} calls it ${alias.name}`;
  const known = parameterNames(algorithm);
  const near = nearNames(name, known);
  return near.length > 0
    ? `${algorithm} has no such hyper-parameter; near: ${near.join(', ')}`
    : `${algorithm} has no such hyper-parameter; it has ${known.join(', ')}`;
}

/** @param writtenAs by our name: the name that the value was given with. */
function valueErrors(error: z.ZodError, writtenAs: ReadonlyMap<string, string>): FieldError[] {
  return error.issues.map((issue) => {
    const name = String(issue.path[0]);
    return fault(writtenAs.get(name) ?? name, messageOf(issue));
  });
}

/** A union's own message tells nothing: what each of its members expected does. */
export function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_union') return issue.message;
  return issue.errors.flatMap((errors) => errors.map(messageOf)).join(', or: ');
}
