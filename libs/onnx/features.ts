import type { Feature, FieldError, TensorInfo, TensorType } from '#libs/contracts/index.js';
import { Refused } from './rejection.js';

export interface FeatureOptions {
  /** In the order of the graph's columns. */
  readonly featureNames?: readonly string[] | undefined;
  /** Features for which absence or null is a missing value: to the model NaN, or an empty text. */
  readonly nullable?: readonly string[] | undefined;
  /** Names that the file itself carries, used where the caller gives none. */
  readonly metadataNames?: readonly string[] | undefined;
}

/**
 * One feature per column, in the order of the inputs; an input of more than two dimensions is one feature of its shape.
 * `inputs` have known dimensions but for the first.
 * @throws Refused `signature_mismatch` naming the feature.
 */
export function featuresOf(inputs: readonly TensorInfo[], options: FeatureOptions): Feature[] {
  const columns = inputs.flatMap((input) => columnsOf(input, inputs.length));
  const names = namesOf(columns, options);
  const features = columns.map(({ own: _, ...column }, position) => ({ ...column, name: names[position]! }));
  return declareNullable(features, options.nullable ?? []);
}

/** A feature as the graph alone would name it; `own`: the graph names it, not just a number. */
type Column = Feature & { readonly own: boolean };

function columnsOf({ name, type, shape }: TensorInfo, inputCount: number): Column[] {
  const row = shape.slice(1) as number[];
  if (row.length > 1) return [{ name, type, nullable: false, input: name, index: null, shape: row, own: true }];
  const [width = 1] = row;
  if (width === 1) return [{ name, type, nullable: false, input: name, index: 0, own: true }];
  return Array.from({ length: width }, (_, index) => ({
    name: inputCount === 1 ? `f${index}` : `${name}_${index}`,
    type,
    nullable: false,
    input: name,
    index,
    own: false,
  }));
}

function namesOf(columns: readonly Column[], { featureNames, metadataNames }: FeatureOptions): readonly string[] {
  const given = columns.map(({ name }) => name);
  if (featureNames !== undefined) {
    refuseUnfit(columns, featureNames);
    return sameNames(given, featureNames) && columns.every(({ own }) => own) ? given : featureNames;
  }
  const fits = metadataNames?.length === columns.length && new Set(metadataNames).size === columns.length;
  const names = fits ? metadataNames : given;
  refuseRepeated(names);
  return names;
}

function refuseUnfit(columns: readonly Column[], featureNames: readonly string[]): void {
  if (featureNames.length !== columns.length) {
    const detail = `feature_names has ${featureNames.length} names, the graph takes ${columns.length} features`;
    throw mismatch(detail, 'feature_names');
  }
  const empty = featureNames.indexOf('');
  if (empty >= 0) throw mismatch(`feature_names[${empty}] is empty`, `feature_names.${empty}`);
  refuseRepeated(featureNames);
  const given = columns.map(({ name }) => name);
  if (sameNames(given, featureNames)) return;
  for (const [position, { own, name }] of columns.entries()) {
    const elsewhere = featureNames.indexOf(name);
    if (!own || elsewhere < 0 || elsewhere === position) continue;
    // Renaming by position would feed this column to another input than the one that bears its name.
    const detail = `feature_names[${elsewhere}] is '${name}', but the graph's input '${name}' is at position ${position}`;
    throw mismatch(detail, `feature_names.${elsewhere}`);
  }
}

function refuseRepeated(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const [position, name] of names.entries()) {
    if (seen.has(name)) throw mismatch(`two features are called '${name}'`, `feature_names.${position}`);
    seen.add(name);
  }
}

const sameNames = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && new Set([...a, ...b]).size === a.length;

/** Types with a value that stands for a missing one. */
const hasMissingValue: ReadonlySet<TensorType> = new Set(['float32', 'float64', 'string']);

function declareNullable(features: readonly Feature[], nullable: readonly string[]): Feature[] {
  const declared = new Set(nullable);
  const byName = new Map(features.map((each) => [each.name, each]));
  const errors: FieldError[] = [];
  for (const [position, name] of nullable.entries()) {
    const found = byName.get(name);
    const path = `nullable.${position}`;
    if (found === undefined) errors.push({ path, message: `unknown feature '${name}'` });
    else if (!hasMissingValue.has(found.type)) {
      errors.push({ path, message: `feature '${name}' is ${found.type}: only a float or a string can be missing` });
    }
  }
  if (errors.length > 0) {
    const detail = errors.map(({ message }) => message).join('; ');
    throw new Refused('signature_mismatch', `nullable: ${detail}`, errors);
  }
  return features.map((each) => ({ ...each, nullable: declared.has(each.name) }));
}

const mismatch = (detail: string, path: string): Refused =>
  new Refused('signature_mismatch', detail, [{ path, message: detail }]);
