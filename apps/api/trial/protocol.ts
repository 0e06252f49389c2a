/** What the api and the process that tries a model say to each other over IPC; the bytes go through standard input. */
import { z } from 'zod';
import { derivation, optimisationMethod, sha256Digest, signature } from '#libs/contracts/index.js';

export const trialRequest = z.object({
  /** Bytes that standard input will bring. */
  size: z.int().nonnegative(),
  featureNames: z.array(z.string()).optional(),
  nullable: z.array(z.string()).optional(),
  /** Beside the trial: rewrite the graph, and measure on these rows what that does to its outputs. */
  optimise: z
    .object({
      method: optimisationMethod,
      sample: z.union([
        z.object({ seed: z.int().nonnegative() }),
        z.object({ rows: z.array(z.record(z.string(), z.unknown())) }),
      ]),
    })
    .optional(),
  /** The trial ends itself after so long, should nobody be left to end it. */
  deadlineMs: z.number().positive(),
});
export type TrialRequest = z.infer<typeof trialRequest>;

export const trialRefusals = [
  'not_onnx',
  'external_data',
  'unsupported_model',
  'signature_mismatch',
  'model_cannot_load',
  'model_cannot_run',
  'nothing_to_optimise',
  'invalid_request',
] as const;

export const trialReply = z.discriminatedUnion('status', [
  /** All bytes have arrived; what follows is the model's doing. */
  z.object({ status: z.literal('received') }),
  z.object({ status: z.literal('runs'), signature }),
  /** The bytes of the rewritten graph follow through the file descriptor `optimisedBytes`. */
  z.object({
    status: z.literal('optimised'),
    signature,
    digest: sha256Digest,
    size_before: derivation.shape.size_before,
    size_after: derivation.shape.size_after,
    rewrites: derivation.shape.rewrites,
    outputs: derivation.shape.outputs.omit({ inputs: true }),
  }),
  z.object({
    status: z.literal('refused'),
    code: z.enum(trialRefusals),
    detail: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  }),
]);
export type TrialReply = z.infer<typeof trialReply>;

/** A pipe of its own: native code may print to standard output. */
export const optimisedBytes = 4;
