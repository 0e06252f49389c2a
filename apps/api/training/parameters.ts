/** Hyper-parameters and their spaces, read as those of one algorithm. */
import {
  checkSpaces,
  givenParameters,
  ownParameters,
  readParameters,
  type Algorithm,
  type GivenParameters,
  type LearningTask,
  type ParameterSpace,
  type Rejection,
  type SearchSpaces,
} from '#libs/contracts/index.js';
import { defaultSpace } from '#libs/learning/index.js';
import { acceptedOrThrow, ProblemException } from '#libs/nest/index.js';

/** @param chosen by somebody; `requested` those of them that the request itself holds. @throws ProblemException */
export function parametersOf(
  algorithm: Algorithm,
  chosen: GivenParameters,
  requested: GivenParameters,
): GivenParameters {
  const read = readParameters(algorithm, chosen);
  if (!read.ok) throw new ProblemException(placed(read.rejection, requested));
  return givenParameters.parse(read.value.parameters);
}

/** Those of `below` that `above` says nothing of, under whatever name, and all of `above`. */
export function overlaid(algorithm: Algorithm, below: GivenParameters, above: GivenParameters): GivenParameters {
  const said = ownParameters(algorithm, above);
  const left = Object.entries(below).filter(([name, value]) =>
    Object.keys(ownParameters(algorithm, { [name]: value })).every((own) => !Object.hasOwn(said, own)),
  );
  return { ...Object.fromEntries(left), ...above };
}

/** Spaces that hold nothing but these values, under the names that spaces have. */
export const onlyChoices = (algorithm: Algorithm, chosen: GivenParameters): ParameterSpace =>
  Object.fromEntries(
    Object.entries(ownParameters(algorithm, chosen)).map(([name, value]) => [name, { choice: [value] }]),
  );

/** Of a task that only the data will tell, the spaces of a classification: valid for both. */
export const spacesOf = (algorithms: readonly Algorithm[], task: LearningTask | null): SearchSpaces =>
  Object.fromEntries(
    algorithms.map((algorithm) => [algorithm, defaultSpace(algorithm, { task: task ?? 'classification' })]),
  );

/** @throws ProblemException */
export const checkedSpaces = (given: SearchSpaces): SearchSpaces => acceptedOrThrow(checkSpaces(given));

/** What the request does not hold is in the model's configuration. */
function placed(rejection: Rejection, requested: GivenParameters): Rejection {
  const errors = rejection.errors?.map(({ path, message }) => ({
    path,
    message: Object.hasOwn(requested, path.slice('hyperparameters.'.length))
      ? message
      : `${message} (as model_config.yaml has it)`,
  }));
  return errors === undefined ? rejection : { ...rejection, errors };
}
