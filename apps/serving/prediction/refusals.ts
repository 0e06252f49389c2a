import { rejection, type ProblemCode, type Rejection, type Signature } from '#libs/contracts/index.js';
import type { FeatureProblem, RowRefusal } from '#libs/inference/index.js';
import { assertNever } from '#libs/kernel/index.js';

/**
 * A row that the encoder refused, as an answer. `root` is where the row stands in the body: `input`, `inputs[3]`.
 * Names fields, never values.
 */
export function rowRejection(refusal: RowRefusal, signature: Signature, root: string): Rejection {
  const errors = refusal.problems.map(({ feature, message }) => ({
    path: feature === '' ? root : `${root}.${feature}`,
    message,
  }));
  const detail = root === 'input' ? refusal.message : `${root}: ${refusal.message}`;
  return rejection(problemCodeOf(refusal.problems[0]!, signature), detail, errors);
}

/** The names of the offending fields as recorded with the refused row. */
export const recordedFields = (errors: Rejection['errors'] = []): string =>
  JSON.stringify(errors.map(({ path }) => path));

function problemCodeOf({ code, feature }: FeatureProblem, signature: Signature): ProblemCode {
  switch (code) {
    case 'not_an_object':
      return 'invalid_request';
    case 'missing_feature':
    case 'null_feature':
      return 'missing_feature';
    case 'unknown_feature':
      return 'unknown_feature';
    case 'not_finite':
      return 'not_finite';
    case 'ill_typed_feature':
    case 'wrong_shape':
    case 'not_integral':
      return 'ill_typed_feature';
    case 'out_of_range':
      return isFloat(signature, feature) ? 'not_finite' : 'ill_typed_feature';
    default:
      return assertNever(code, 'row refusal');
  }
}

const isFloat = (signature: Signature, name: string): boolean =>
  signature.features.find((feature) => feature.name === name)?.type.startsWith('float') ?? false;
