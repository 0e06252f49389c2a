/**
 * Ephemeral control between the serving supervisor and serving processes, as NATS request/reply.
 * None of it is ever the truth: what is decided from it is appended as an event.
 */
import { z } from 'zod';
import { deploymentName } from './names.js';

export const controlSubjects = {
  /** Load the version that a DeploymentRequested event names, and answer when it is warm. */
  prepare: (instance: string) => `ctl.serving.${instance}.prepare`,
  /** What a serving process holds: answered with a ServingReport. */
  report: (instance: string) => `ctl.serving.${instance}.report`,
} as const;

/** KV bucket in which serving processes register before they load their table. Entries expire. */
export const servingBucket = { name: 'SERVING', ttlMs: 10_000, heartbeatMs: 2_500 } as const;

export const servingMember = z.object({
  instance: z.string(),
  epoch: z.string(),
  pid: z.int(),
  started_at: z.string(),
});
export type ServingMember = z.infer<typeof servingMember>;

export const prepareRequest = z.object({
  deployment: deploymentName,
  rollout_id: z.uuid(),
  requested_seq: z.int().positive(),
});
export type PrepareRequest = z.infer<typeof prepareRequest>;

export const prepareReply = z.discriminatedUnion('status', [
  z.object({ status: z.literal('loaded'), instance: z.string(), load_ms: z.number() }),
  z.object({ status: z.literal('failed'), instance: z.string(), code: z.string(), reason: z.string() }),
]);
export type PrepareReply = z.infer<typeof prepareReply>;

export const servingReport = z.object({
  instance: z.string(),
  routing_seq: z.int(),
  loaded: z.array(z.object({ deployment: z.string(), rollout_id: z.string() })),
});
export type ServingReport = z.infer<typeof servingReport>;
