import { rejection } from '#libs/contracts/index.js';
import type { DatasetRefusal } from '#libs/datasets/index.js';
import { ProblemException } from '#libs/nest/index.js';

/** Why a data set is not read, as a refusal that says where the request names it. */
export function datasetProblem(path: string, { reason, detail }: DatasetRefusal): ProblemException {
  const code = reason === 'not_allowed' ? 'dataset_not_allowed' : 'dataset_unreadable';
  return new ProblemException(rejection(code, `${path}: ${detail}`, [{ path, message: detail }]));
}
