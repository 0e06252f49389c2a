import { z } from 'zod';

/**
 * Every code a caller can meet, with its HTTP status. Codes are stable; a rejection of the domain has one of these.
 * 409: a rule of the domain or a conflict; 422: well-formed, with impossible values.
 */
export const problemCodes = {
  // the request
  malformed_json: [400, 'The body is not JSON'],
  malformed_body: [400, 'The body does not arrive as announced'],
  invalid_request: [422, 'Some values are impossible'],
  unsupported_media_type: [415, 'The content type is not taken here'],
  not_found: [404, 'There is nothing at this address'],
  method_not_allowed: [405, 'This address does not take the method'],
  cross_site: [403, 'Pages of other sites may not change anything here'],
  authentication_required: [401, 'A token is required'],
  invalid_token: [401, 'The token does not hold'],
  forbidden: [403, 'The role does not allow this'],
  payload_too_large: [413, 'The body is too large'],
  // commands
  idempotency_conflict: [409, 'The Idempotency-Key was used with another body'],
  no_change: [409, 'The command would change nothing'],
  append_contention: [503, 'Too many changes to the same thing at once'],
  log_unavailable: [503, 'The event log cannot be reached'],
  // artifacts
  artifact_not_found: [404, 'No artifact has this digest'],
  artifact_damaged: [500, 'The stored artifact is damaged'],
  digest_mismatch: [422, 'The bytes do not have the announced digest'],
  // models
  model_not_found: [404, 'No model has this name'],
  version_not_found: [404, 'The model has no such version'],
  version_exists: [409, 'The version is registered already'],
  version_archived: [409, 'The version is archived'],
  version_rejected: [409, 'The version is rejected'],
  version_in_use: [409, 'The version is in use'],
  policy_not_met: [409, 'The promotion policy is not met'],
  stage_order: [409, 'Stages follow in order'],
  champion_moved: [409, 'Another version is champion'],
  own_request: [409, 'Nobody approves what is their own'],
  nothing_to_roll_back: [409, 'There is no former champion'],
  alias_not_found: [404, 'The model has no such alias'],
  alias_reserved: [409, 'The alias moves by promotion and rollback only'],
  lineage_cycle: [409, 'A version cannot descend from itself'],
  lineage_node_not_found: [404, 'The lineage has no such node'],
  invalid_curve: [422, 'The artifact is no such curve'],
  tolerance_exceeded: [422, 'The optimised model differs by more than was asked for'],
  nothing_to_optimise: [422, 'The graph has nothing that this method improves'],
  not_onnx: [422, 'The artifact is not an ONNX model'],
  external_data: [422, 'The model keeps tensors in other files'],
  unsupported_model: [422, 'The model has inputs or outputs that cannot be served'],
  model_cannot_load: [422, 'ONNX Runtime cannot load the model'],
  model_cannot_run: [422, 'ONNX Runtime cannot run the model'],
  signature_mismatch: [422, 'The declared features do not fit the model'],
  // monitoring
  finding_open: [409, 'The condition is found already'],
  finding_not_open: [409, 'The condition is not open'],
  // data sets and training
  dataset_not_found: [404, 'No data set has this name'],
  dataset_version_not_found: [404, 'The data set has no such version'],
  dataset_not_allowed: [422, 'The data set lies outside of what may be read'],
  dataset_unreadable: [422, 'The data set cannot be read'],
  dataset_changed: [409, 'The data set has other bytes now'],
  job_not_found: [404, 'No training job has this id'],
  job_ended: [409, 'The training job has ended'],
  job_claimed: [409, 'Another worker has the training job'],
  claim_lost: [409, 'The claim of the training job is no longer held'],
  claim_not_expired: [409, 'The claim of the training job still holds'],
  unknown_hyperparameter: [422, 'The algorithm has no such hyper-parameter'],
  algorithm_mismatch: [422, 'The algorithm does not fit the task'],
  // deployments
  deployment_not_found: [404, 'No deployment has this name'],
  deployment_not_live: [503, 'The deployment has no version that serves'],
  deployment_retired: [409, 'The deployment is retired'],
  rollout_in_progress: [409, 'Another version is being rolled out'],
  rollout_not_in_progress: [409, 'This rollout is not in progress'],
  stage_not_reached: [409, "The version's stage does not allow the environment"],
  environment_mismatch: [409, 'The deployment runs in another environment'],
  no_former_version: [409, 'No former version is kept'],
  already_rolled_back: [409, 'The deployment is rolled back'],
  rollout_not_kept: [409, 'This version is not kept warm'],
  version_cut_off: [503, 'Serving processes keep dying of the version'],
  strategy_not_available: [422, 'The strategy is not available'],
  // predictions
  missing_feature: [422, 'A required feature is missing'],
  unknown_feature: [422, 'A feature is unknown'],
  ill_typed_feature: [422, 'A feature has the wrong type'],
  not_finite: [422, 'A number is not finite at the precision of the model'],
  empty_batch: [422, 'A batch needs at least one row'],
  model_failed: [500, 'The model failed on this input'],
  prediction_not_found: [404, 'No prediction has this id'],
  deadline_exceeded: [504, 'The request was not answered within its own time limit'],
  version_not_served: [404, 'The deployment does not serve this version'],
  invalid_tensor: [400, 'A tensor does not fit'],
  overloaded: [503, 'More requests than can be answered in time'],
  routing_stale: [503, 'The routing table cannot be confirmed with the log'],
  // reads
  not_caught_up: [503, 'The read model has not reached the position'],
  invalid_position: [422, 'The position is not in the log'],
  invalid_filter: [422, 'The filter cannot be read'],
  invalid_order: [422, 'The order cannot be read'],
  invalid_cursor: [422, 'The cursor was not made by this list'],
  unavailable: [503, 'A component cannot serve'],
  internal: [500, 'Something failed that should not'],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemCode = keyof typeof problemCodes;

export const fieldError = z.object({
  /** Where in the request: `input.amount`, `body`, `header Idempotency-Key`. */
  path: z.string(),
  message: z.string(),
});
export type FieldError = z.infer<typeof fieldError>;

/** application/problem+json (RFC 9457). */
export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    errors: z.array(fieldError).optional(),
    /** Position of the log on which a refused command was decided. */
    as_of_seq: z.int().nonnegative().optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem details with a stable code' });
export type Problem = z.infer<typeof problem>;

/** What was refused and why; every refusal inside Modelog is one of these until an edge turns it into its protocol. */
export interface Rejection {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  /** Position of the log on which it was decided; the append path adds it. */
  readonly as_of_seq?: number;
}

export const rejection = (code: ProblemCode, detail: string, errors?: readonly FieldError[]): Rejection =>
  errors === undefined ? { code, detail } : { code, detail, errors };

export function problemOf({ code, detail, errors, as_of_seq }: Rejection): Problem {
  const [status, title] = problemCodes[code];
  return {
    type: `urn:modelog:problem:${code}`,
    title,
    status,
    detail,
    code,
    ...(errors ? { errors: [...errors] } : {}),
    ...(as_of_seq === undefined ? {} : { as_of_seq }),
  };
}

/** The field errors of a failed zod parse, with `root` in front of each path. An unknown field has its own path. */
export const fieldErrorsOf = (error: z.ZodError, root = ''): FieldError[] =>
  error.issues.flatMap((issue) => {
    switch (issue.code) {
      case 'unrecognized_keys':
        return issue.keys.map((key) => ({
          path: pathOf([root, ...issue.path, key]),
          message: 'this field is unknown here',
        }));
      case 'invalid_key':
        return [{ path: pathOf([root, ...issue.path]), message: issue.issues[0]?.message ?? issue.message }];
      default:
        return [{ path: pathOf([root, ...issue.path]), message: issue.message }];
    }
  });

const pathOf = (parts: readonly PropertyKey[]): string =>
  parts
    .map(String)
    .filter((part) => part !== '')
    .join('.') || 'body';
