import { ModelogError } from '#libs/kernel/index.js';

/** Why bytes with a readable signature cannot serve. The message ends with the runtime's own words. */
export interface LoadRejection {
  readonly code: 'cannot_load' | 'cannot_run';
  readonly message: string;
}

export type InferenceErrorCode = 'model_failed' | 'model_disposed' | 'deadline_exceeded';

export class InferenceError extends ModelogError {
  // The type of the base class's field, narrowed.
  declare readonly code: InferenceErrorCode;
}

export const modelFailed = (detail: string, cause?: unknown): InferenceError =>
  new InferenceError('model_failed' satisfies InferenceErrorCode, detail, { cause });

export const modelDisposed = (): InferenceError =>
  new InferenceError('model_disposed' satisfies InferenceErrorCode, 'the model has been unloaded');

export const deadlineExceeded = (): InferenceError =>
  new InferenceError(
    'deadline_exceeded' satisfies InferenceErrorCode,
    'the time of the request was over before its run',
  );
