/** What the api and the process that tries a model say to each other over IPC; the bytes go through standard input. */
import { z } from 'zod';
import { signature } from '#libs/contracts/index.js';

export const trialRequest = z.object({
  /** Bytes that standard input will bring. */
  size: z.int().nonnegative(),
  featureNames: z.array(z.string()).optional(),
  nullable: z.array(z.string()).optional(),
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
] as const;

export const trialReply = z.discriminatedUnion('status', [
  /** All bytes have arrived; what follows is the model's doing. */
  z.object({ status: z.literal('received') }),
  z.object({ status: z.literal('runs'), signature }),
  z.object({
    status: z.literal('refused'),
    code: z.enum(trialRefusals),
    detail: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  }),
]);
export type TrialReply = z.infer<typeof trialReply>;
