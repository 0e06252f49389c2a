import type { Clock } from '#libs/kernel/index.js';
import { HealthRegistry } from '#libs/nest/index.js';
import { apiClient } from './api-client.js';
import type { RecordingHealth } from './recording/recording-health.js';
import type { Lease } from './routing/lease.js';
import type { RoutingFollower } from './routing/routing-follower.js';

export interface ReadinessSources {
  readonly lease: Pick<Lease, 'isValidAt'>;
  readonly clock: Clock;
  readonly follower: Pick<RoutingFollower, 'error'>;
  readonly recording: Pick<RecordingHealth, 'check'>;
}

/** What `/health/ready` looks at: whether predictions can be answered here, and whether the api is ready. */
export function readiness(sources: ReadinessSources, apiUrl: string): HealthRegistry {
  const api = apiClient(apiUrl);
  const health = new HealthRegistry({ clock: sources.clock });
  health.register('routing', () => {
    requireRouting(sources);
  });
  health.register('recording', () => {
    sources.recording.check();
  });
  health.register('api', (signal) => api.requireReady(signal));
  return health;
}

/** Whether requests that come here can be answered: it may route, and records what it answers. */
export function canServe(sources: ReadinessSources): boolean {
  try {
    requireRouting(sources);
    sources.recording.check();
    return true;
  } catch {
    return false;
  }
}

function requireRouting({ lease, clock, follower }: ReadinessSources): void {
  if (follower.error !== null) throw new Error(`the event log cannot be followed: ${follower.error}`);
  if (!lease.isValidAt(clock.monotonic()))
    throw new Error('the routing table was not confirmed with the event log within a second');
}
