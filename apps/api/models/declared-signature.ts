import { rejection, type FieldError, type Rejection, type Signature, type TensorInfo } from '#libs/contracts/index.js';

/**
 * Whether the signature that a registration declares is the one read from the graph; undefined where it is. An open
 * dimension in the declared one leaves it to the graph.
 */
export function declaredMismatch(declared: Signature, read: Signature): Rejection | undefined {
  const errors = [
    ...listErrors('signature.inputs', declared.inputs, read.inputs, tensorErrors),
    ...listErrors('signature.outputs', declared.outputs, read.outputs, (path, given, found) => [
      ...tensorErrors(path, given, found),
      ...differs(`${path}.role`, given.role, found.role),
    ]),
    ...listErrors('signature.features', declared.features, read.features, (path, given, found) => [
      ...differs(`${path}.name`, given.name, found.name),
      ...differs(`${path}.type`, given.type, found.type),
      ...differs(`${path}.nullable`, given.nullable, found.nullable),
      ...differs(`${path}.input`, given.input, found.input),
      ...differs(`${path}.index`, given.index, found.index),
    ]),
    ...(declared.classes === undefined ? [] : differs('signature.classes', declared.classes, read.classes)),
  ];
  if (errors.length === 0) return undefined;
  const shown = errors.slice(0, mostShown);
  return rejection('signature_mismatch', `the declared signature is not the graph's: ${shown[0]!.path}`, shown);
}

const mostShown = 20;

function listErrors<T>(
  path: string,
  declared: readonly T[],
  read: readonly T[],
  compare: (path: string, declared: T, read: T) => FieldError[],
): FieldError[] {
  if (declared.length !== read.length) return differs(`${path}.length`, declared.length, read.length);
  return declared.flatMap((each, index) => compare(`${path}[${index}]`, each, read[index]!));
}

const tensorErrors = (path: string, declared: TensorInfo, read: TensorInfo): FieldError[] => [
  ...differs(`${path}.name`, declared.name, read.name),
  ...differs(`${path}.type`, declared.type, read.type),
  ...(sameShape(declared.shape, read.shape) ? [] : differs(`${path}.shape`, declared.shape, read.shape)),
];

const sameShape = (declared: TensorInfo['shape'], read: TensorInfo['shape']): boolean =>
  declared.length === read.length && declared.every((length, index) => length === null || length === read[index]);

const differs = (path: string, declared: unknown, read: unknown): FieldError[] =>
  JSON.stringify(declared) === JSON.stringify(read)
    ? []
    : [{ path, message: `expected ${JSON.stringify(read)}, found ${JSON.stringify(declared)}` }];
