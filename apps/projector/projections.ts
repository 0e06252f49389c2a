import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { GovernanceEvent } from '#libs/contracts/index.js';
import type { EventReader, StreamStore } from '#libs/event-log/index.js';
import { assertNever, type Clock } from '#libs/kernel/index.js';
import type { HealthRegistry, Logger } from '#libs/nest/index.js';
import {
  eventsSource,
  runProjection,
  trafficSource,
  windowsSource,
  type Database,
  type ProjectionNotice,
  type RunningProjection,
} from '#libs/projecting/index.js';
import { deployments } from '#projections/deployments/index.js';
import { findings } from '#projections/findings/index.js';
import { lineage } from '#projections/lineage/index.js';
import { registry } from '#projections/registry/index.js';
import { traffic } from '#projections/traffic/index.js';
import { training } from '#projections/training/index.js';
import { windows } from '#projections/windows/index.js';

export interface ProjectionsOptions {
  readonly database: Database;
  readonly events: EventReader<GovernanceEvent>;
  readonly traffic: StreamStore;
  readonly windows: StreamStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly health: HealthRegistry;
  readonly logger: Logger;
}

/**
 * Chunks come by the hundred a second under load: a fifth of a second of them in one transaction costs a fraction of one
 * transaction each, and the read model may be a second behind. A chunk may hold 512 KiB, so few wait in memory.
 */
const trafficPace = { minIntervalMs: 200, maxBatch: 256 } as const;

/** Every projection of the product, running. */
export class Projections implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private running: readonly RunningProjection[] = [];

  constructor(private readonly options: ProjectionsOptions) {}

  onApplicationBootstrap(): void {
    const { database, clock, random, health } = this.options;
    const events = eventsSource(this.options.events);
    const chunks = trafficSource(this.options.traffic);
    const records = windowsSource(this.options.windows);
    const common = { database, clock, random };
    this.running = [
      runProjection(registry, { ...common, source: events, onNotice: this.tell(registry.name) }),
      runProjection(deployments, { ...common, source: events, onNotice: this.tell(deployments.name) }),
      runProjection(lineage, { ...common, source: events, onNotice: this.tell(lineage.name) }),
      runProjection(training, { ...common, source: events, onNotice: this.tell(training.name) }),
      runProjection(findings, { ...common, source: events, onNotice: this.tell(findings.name) }),
      runProjection(traffic, { ...common, ...trafficPace, source: chunks, onNotice: this.tell(traffic.name) }),
      runProjection(windows, { ...common, source: records, onNotice: this.tell(windows.name) }),
    ];
    for (const projection of this.running) {
      const { projection: name } = projection.status();
      health.register(`projection ${name}`, () => assertFollows(projection));
      projection.done.catch((error: unknown) => {
        this.options.logger.fatal({ err: error, projection: name }, 'a projection has stopped');
      });
    }
  }

  /** Stops reading, finishes the batches in hand. */
  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.running.map((projection) => projection.stop()));
  }

  private tell(projection: string): (notice: ProjectionNotice) => void {
    const logger = this.options.logger.child({ projection });
    return (notice) => {
      switch (notice.kind) {
        case 'started':
          logger.info({ position: notice.position, epoch: notice.epoch }, 'follows the log');
          return;
        case 'rebuilding':
          logger.info({ from: notice.fromVersion, to: notice.toVersion }, 'rebuilds its read model side by side');
          return;
        case 'rebuilt':
          logger.info({ position: notice.report.rebuilt.position }, 'has swapped in its rebuilt read model');
          return;
        case 'interrupted':
          logger.warn({ reason: notice.reason, retryInMs: Math.round(notice.retryInMs) }, 'is interrupted');
          return;
        case 'resumed':
          logger.info({ position: notice.position }, 'follows the log again');
          return;
        default:
          assertNever(notice, 'projection notice');
      }
    };
  }
}

/** Healthy while it runs and the stream tells how far it is behind: a gap is no illness, not knowing it is. */
async function assertFollows(projection: RunningProjection): Promise<void> {
  const { state, position, reason } = projection.status();
  if (state !== 'running') throw new Error(`${state} at ${position}${reason === undefined ? '' : `: ${reason}`}`);
  await projection.gap();
}
