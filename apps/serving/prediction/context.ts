import { deploymentName, fieldErrorsOf, rejection, type Rejection } from '#libs/contracts/index.js';
import { Overloaded } from '#libs/event-log/index.js';
import type { InferenceError } from '#libs/inference/index.js';
import { assertNever, messageOf } from '#libs/kernel/index.js';
import type { Servable } from '../models/servable.js';
import type { Recorder } from '../recording/recorder.js';
import type { Admission } from './admission.js';
import type { Deadlines } from './deadlines.js';

/** What all ways to predict share. */
export interface PredictContext {
  readonly admission: Admission;
  readonly recorder: Recorder;
  readonly deadlines: Deadlines;
  /** Bytes that one recorded row may take with the schema of its chunk. */
  readonly maxRecordedBytes: number;
}

/** 404, or 422 for what cannot be a deployment's name. Counted only: there is no deployment to record it under. */
export function unknownDeployment({ admission }: PredictContext, name: string): Rejection {
  admission.count('unknown_deployment');
  const parsed = deploymentName.safeParse(name);
  if (parsed.success) return rejection('deployment_not_found', `no deployment is named '${name}'`);
  const errors = fieldErrorsOf(parsed.error, 'deployment');
  return rejection('invalid_request', errors.map(({ message }) => message).join('; '), errors);
}

/** Why a version that is named is not the one that answers. Not counted: a question about a model is no request to it. */
export const versionNotServed = (deployment: string, served: string, asked: string): Rejection =>
  rejection('version_not_served', `${deployment} serves version ${served}, not '${asked}'`);

/** Why rows that the model was given have no outputs. */
export function runFailure({ rollout }: Servable, error: InferenceError, waitedMs: number): Rejection {
  switch (error.code) {
    case 'deadline_exceeded':
      return deadlineExceeded(waitedMs);
    case 'model_failed':
    case 'model_disposed':
      return rejection('model_failed', `${rollout.model}@${rollout.version}: ${error.message}`);
    default:
      return assertNever(error.code, 'inference error');
  }
}

/** `waitedMs`: the time that the caller gave. */
export const deadlineExceeded = (waitedMs: number): Rejection =>
  rejection('deadline_exceeded', `there was no answer within the ${waitedMs} ms that the request gave`);

/** Why a prediction that was made is not answered: nothing may look recorded that is not. */
export function notRecorded({ admission }: PredictContext, error: Error): Rejection {
  if (error instanceof Overloaded) {
    admission.count('overloaded');
    return rejection('overloaded', `recording is behind: ${error.message}`);
  }
  admission.count('log_unavailable');
  return rejection('log_unavailable', `the prediction could not be recorded: ${messageOf(error)}`);
}
