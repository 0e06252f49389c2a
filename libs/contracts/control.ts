/**
 * Ephemeral control of serving processes, as NATS request/reply.
 * None of it is ever the truth: what is decided from it is appended as an event.
 */
import { z } from 'zod';
import { deploymentName } from './names.js';

export const controlSubjects = {
  /** Load the version that a DeploymentRequested event names, and answer when it is warm. */
  prepare: (instance: string) => `ctl.serving.${instance}.prepare`,
  /** What a serving process holds: answered with a ServingReport. */
  report: (instance: string) => `ctl.serving.${instance}.report`,
  /** Answered when the process routes by a table that has reached a sequence: a ConfirmRequest by a ConfirmReply. */
  confirm: (instance: string) => `ctl.serving.${instance}.confirm`,
  /** How busy it is: answered with a ServingLoad. */
  load: (instance: string) => `ctl.serving.${instance}.load`,
  /** What it counts, as prom-client's JSON, gzipped. */
  metrics: (instance: string) => `ctl.serving.${instance}.metrics`,
  /** What it serves: answered with an api.processHealth. */
  health: (instance: string) => `ctl.serving.${instance}.health`,
} as const;

/** Asked of the api with a FleetMetricsRequest: what all serving processes count, added up. */
export const fleetMetricsSubject = 'ctl.fleet.metrics';

/** Which metrics: answered with those of them that there are, as prom-client's JSON, gzipped. */
export const fleetMetricsRequest = z.object({ families: z.array(z.string()).min(1) });
export type FleetMetricsRequest = z.infer<typeof fleetMetricsRequest>;

/** Told by every monitoring process again and again: what it counts, as prom-client's JSON, gzipped. */
export const monitoringMetricsSubject = 'ctl.monitoring.metrics';

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
  z.object({
    status: z.literal('loaded'),
    instance: z.string(),
    load_ms: z.number(),
    /** Requests that the version answered here to warm up. */
    warmed: z.int().nonnegative().optional(),
  }),
  z.object({ status: z.literal('failed'), instance: z.string(), code: z.string(), reason: z.string() }),
]);
export type PrepareReply = z.infer<typeof prepareReply>;

export const servingReport = z.object({
  instance: z.string(),
  routing_seq: z.int(),
  loaded: z.array(z.object({ deployment: z.string(), rollout_id: z.string() })),
});
export type ServingReport = z.infer<typeof servingReport>;

export const confirmRequest = z.object({ seq: z.int().positive() });
export type ConfirmRequest = z.infer<typeof confirmRequest>;

export const confirmReply = z.object({ instance: z.string(), routing_seq: z.int() });
export type ConfirmReply = z.infer<typeof confirmReply>;

/** Of the time since the process was asked last, or since its start. */
export const servingLoad = z.object({
  instance: z.string(),
  pid: z.int(),
  /** Seconds that this tells of. */
  over_s: z.number().nonnegative(),
  requests: z.int().nonnegative(),
  /** Refused because the queue was full or behind its deadline. */
  overloaded: z.int().nonnegative(),
  /** Rows accepted and not answered: now, and the most. */
  queued_rows: z.int().nonnegative(),
  most_queued_rows: z.int().nonnegative(),
  /** Milliseconds, from arrival to outcome; null without requests. */
  p99_ms: z.number().nullable(),
  /** Share of the time that the event loop was busy, 0 to 1. */
  busy: z.number(),
  resident_mb: z.number(),
  /** Models loaded since the process started. */
  loads: z.int().nonnegative(),
});
export type ServingLoad = z.infer<typeof servingLoad>;

/** On OPERATIONS, `ops.serving.scaling`: from how many processes to how many, why, and what it was decided on. */
export const scalingDecision = z.object({
  at: z.string(),
  from: z.int().nonnegative(),
  to: z.int().positive(),
  reason: z.string(),
  bounds: z.object({ min: z.int(), max: z.int() }),
  targets: z.object({ queued_rows: z.number(), p99_ms: z.number() }),
  loads: z.array(servingLoad),
});
export type ScalingDecision = z.infer<typeof scalingDecision>;
