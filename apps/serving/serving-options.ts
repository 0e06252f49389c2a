import type { ArtifactStore } from '#libs/artifacts/index.js';
import type { Clock, IdSource } from '#libs/kernel/index.js';
import type { ListenOptions, Logger, NatsConnection } from '#libs/nest/index.js';
import type { LastCrashOptions } from './crashes/last-crash.js';
import type { GrpcLimits } from './grpc/start-grpc.js';
import type { SizeLimits } from './http/size-limits.js';
import type { Recycling } from './models/recycled-after.js';

/** What a serving process is started with. */
export interface ServingOptions {
  readonly connection: NatsConnection;
  readonly streams: { readonly events: string; readonly traffic: string };
  readonly replicas: number;
  readonly artifacts: Pick<ArtifactStore, 'read'>;
  readonly apiUrl: string;
  readonly listen: ListenOptions;
  /** Open Inference Protocol over gRPC; left out: it is not served. */
  readonly grpc?: ListenOptions & { readonly limits?: GrpcLimits };
  /** Of the platform: `serving-0`. The process itself is told from its predecessor by a suffix. */
  readonly instance: string;
  /** MODELOG_AUTH_SECRET; left out: no authentication. */
  readonly authSecret?: string | undefined;
  readonly maxBatchRows: number;
  readonly maxQueuedRows: number;
  /** Milliseconds that the oldest row may have waited when another one enters (default 2,000). */
  readonly queueDeadlineMs?: number;
  /** MiB of models to hold (default: no bound). */
  readonly maxModelMb?: number | null;
  /** Answers kept for identical rows, for each version (default none). */
  readonly cacheEntries?: number;
  readonly limits?: SizeLimits;
  /** Milliseconds that the body of a request may stand still (default 30,000). */
  readonly bodyIdleMs?: number;
  /** Connections that may be open, over HTTP and gRPC together (default: nine tenths of the files that the system lets the process open). */
  readonly maxConnections?: number;
  /** Milliseconds until a prediction that cannot be recorded is given up (default 5,000). */
  readonly recordWithinMs?: number;
  /** Where it is kept which version runs, and what becomes of the predecessor's last entry. Left out: neither. */
  readonly crashes?: Omit<LastCrashOptions, 'instance' | 'clock' | 'ids' | 'logger'>;
  /** Whom to ask for another process, and after how many loaded models. Left out: nobody. */
  readonly recycling?: Recycling;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly logger: Logger;
}
