import { setTimeout as delay } from 'node:timers/promises';
import { subjects, type ServingMember } from '#libs/contracts/index.js';
import type { StreamStore } from '#libs/event-log/index.js';
import { systemClock } from '#libs/kernel/index.js';
import type { Logger, NatsConnection } from '#libs/nest/index.js';
import { askLoads } from './ask-loads.js';
import { platformLink } from './platform-link.js';
import { scalingPolicy, type ScalingConfiguration } from './scaling-policy.js';
import { ServingScaler } from './serving-scaler.js';

export interface StartScalingOptions {
  readonly connection: NatsConnection;
  readonly operations: Pick<StreamStore, 'publish'>;
  readonly listMembers: () => Promise<readonly ServingMember[]>;
  readonly scaling: ScalingConfiguration;
  /** MODELOG_SERVING_PROCESSES. */
  readonly startWith: number | undefined;
  readonly logger: Logger;
}

/**
 * Scales by what serving processes answer. Where no platform started this process the decisions are recorded only, for
 * whoever runs them; where nobody gave bounds either there is nothing to decide. @returns what stops it
 */
export function startScaling(options: StartScalingOptions): () => Promise<void> {
  const { connection, operations, listMembers, scaling, logger } = options;
  const platform = platformLink();
  const startWith = options.startWith ?? platform?.processes ?? scaling.min;
  if (startWith === undefined) return () => Promise.resolve();
  const scaler = new ServingScaler({
    policy: scalingPolicy(scaling, startWith),
    processes: async () => (platform === undefined ? (await listMembers()).length || undefined : platform.processes),
    loads: () => askLoads(connection, listMembers),
    record: async (decision) => {
      const data = new TextEncoder().encode(JSON.stringify(decision));
      await operations.publish({ subject: subjects.scaling(), headers: {}, data });
    },
    tell: (count) => platform?.tell(count),
    clock: systemClock,
    logger,
    pause: (milliseconds, signal) => delay(milliseconds, undefined, { signal }).catch(() => undefined),
  });
  scaler.start();
  return async () => {
    await scaler.stop();
    platform?.close();
  };
}
