import type { ServerResponse } from 'node:http';
import { deploymentName, fieldErrorsOf, rejection, type Rejection } from '#libs/contracts/index.js';
import { Overloaded } from '#libs/event-log/index.js';
import { InputBatch, type Column, type InferenceError, type LoadedModel } from '#libs/inference/index.js';
import { messageOf } from '#libs/kernel/index.js';
import type { Servable } from '../models/servable.js';
import type { RowIds } from '../recording/prediction-ids.js';
import type { Recorder } from '../recording/recorder.js';
import { rowBytes } from '../recording/row-size.js';
import type { Admission } from './admission.js';
import { respondProblem } from './problem-response.js';
import { recordedFields } from './refusals.js';
import { namedDeployment, type Traits } from './request-shape.js';

/** What the predict routes share. */
export interface PredictContext {
  readonly admission: Admission;
  readonly recorder: Recorder;
  /** Bytes that one recorded row may take. */
  readonly maxRecordedBytes: number;
}

export const noTraits: Traits = { requestId: undefined, subjectId: undefined, routingKey: undefined };

export function respond(response: ServerResponse, body: string, draining: boolean): void {
  const bytes = Buffer.byteLength(body);
  const headers = ['content-type', 'application/json', 'content-length', String(bytes)];
  if (draining) headers.push('connection', 'close');
  response.writeHead(200, headers);
  // One byte a character: the cheaper encoding writes the same bytes.
  response.write(body, bytes === body.length ? 'latin1' : 'utf8');
  // Head and body leave as one string; `end(body)` would add an empty piece to them and gather the two (writev).
  response.socket?.uncork();
  response.end();
}

/** An answer that is no prediction. */
export function respondRefusal(
  { admission }: PredictContext,
  response: ServerResponse,
  refusal: Rejection,
  predictionId?: string,
): void {
  respondProblem(response, refusal, {
    ...(predictionId === undefined ? {} : { prediction_id: predictionId }),
    ...(admission.draining ? { headers: { connection: 'close' } } : {}),
  });
}

/** 404, or 422 for what cannot be a deployment's name. Counted only: there is no deployment to record it under. */
export function unknownDeployment({ admission }: PredictContext, name: string): Rejection {
  admission.count('unknown_deployment');
  const parsed = deploymentName.safeParse(name);
  if (parsed.success) return rejection('deployment_not_found', `no deployment is named '${name}'`);
  const errors = fieldErrorsOf(parsed.error, 'deployment');
  return rejection('invalid_request', errors.map(({ message }) => message).join('; '), errors);
}

/**
 * Answers a request that did not pass validation. It is recorded as a row if it names a deployment that serves, and then
 * answered when the log holds the row.
 */
export function refuse(
  context: PredictContext,
  response: ServerResponse,
  refusal: Rejection,
  at: { readonly servable: Servable; readonly sequence: number; readonly beganAt: number; readonly traits: Traits },
): void {
  const { admission, recorder } = context;
  const { servable, sequence, beganAt, traits } = at;
  const { requestId, subjectId, routingKey } = traits;
  admission.enter(1);
  const request = {
    stored(ids: RowIds, chunkRow: number): void {
      admission.leave(1);
      respondRefusal(context, response, refusal, ids(chunkRow));
    },
    notStored(error: Error): void {
      admission.leave(1);
      respondRefusal(context, response, notRecorded(context, error));
    },
  };
  const part = { request, requestRow: 0, rows: 1, beganAt, requestId, subjectId, routingKey };
  recorder.refused(servable.recorded, sequence, part, refusal.code, recordedFields(refusal.errors));
}

/** The same for a body whose shape was refused: it may still name a deployment. */
export function refuseShape(
  context: PredictContext,
  response: ServerResponse,
  refusal: Rejection,
  { body, beganAt }: { readonly body: unknown; readonly beganAt: number },
): void {
  const { admission } = context;
  const name = namedDeployment(body);
  const { routes, sequence } = admission.routing;
  const servable = name === undefined ? undefined : routes.get(name)?.servable;
  if (servable === undefined || refusal.code === 'malformed_body' || admission.refusal(beganAt, 1) !== null) {
    admission.count('malformed');
    respondRefusal(context, response, refusal);
    return;
  }
  refuse(context, response, refusal, { servable, sequence, beganAt, traits: noTraits });
}

/** A row on which the model failed, for the recorder: its inputs are encoded again, the micro-batch's buffers are gone. */
export function failureOf(servable: Servable, error: InferenceError, input: unknown) {
  const inputs = encoded(servable.model, input);
  if (inputs === null) throw new TypeError('a row that was encoded before is refused now');
  return { code: 'model_failed', detail: JSON.stringify(error.message), inputs };
}

export const modelFailure = ({ rollout }: Servable, error: InferenceError): Rejection =>
  rejection('model_failed', `${rollout.model}@${rollout.version}: ${error.message}`);

/** A row with texts may be larger than the log's largest message; of any other the version's size was checked at loading. */
export function oversizedRow(
  { maxRecordedBytes }: PredictContext,
  { model, recorded }: Servable,
  input: unknown,
  root: string,
): Rejection | null {
  if (recorded.rowBytes !== null) return null;
  const columns = encoded(model, input);
  const bytes = columns === null ? 0 : rowBytes(columns, 0);
  if (bytes <= maxRecordedBytes) return null;
  return rejection('payload_too_large', `${root} takes ${bytes} bytes, at most ${maxRecordedBytes} can be recorded`, [
    { path: root, message: `expected at most ${maxRecordedBytes} bytes` },
  ]);
}

/** One row as the model would receive it; null for one that the encoder refuses. */
function encoded({ encoder }: Pick<LoadedModel, 'encoder'>, input: unknown): readonly Column[] | null {
  const batch = new InputBatch(encoder.inputColumns, 1);
  return encoder.encode(input, batch, 0) === null ? batch.view(0, 1) : null;
}

/** Why a prediction that was made is not answered: nothing may look recorded that is not. */
export function notRecorded({ admission }: PredictContext, error: Error): Rejection {
  if (error instanceof Overloaded) {
    admission.count('overloaded');
    return rejection('overloaded', `recording is behind: ${error.message}`);
  }
  admission.count('log_unavailable');
  return rejection('log_unavailable', `the prediction could not be recorded: ${messageOf(error)}`);
}
