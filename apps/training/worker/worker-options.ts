import type { ArtifactStore } from '#libs/artifacts/index.js';
import type { GovernanceEvent } from '#libs/contracts/index.js';
import type { AggregateStore, EventReader, StreamStore } from '#libs/event-log/index.js';
import type { Clock, IdSource } from '#libs/kernel/index.js';
import type { Logger } from '#libs/nest/index.js';

/** What a worker works with. */
export interface WorkerOptions {
  /** No two workers that run at once have the same. */
  readonly name: string;
  /** Which process of this name it is (UUID). */
  readonly incarnation: string;
  readonly events: Pick<EventReader<GovernanceEvent>, 'follow' | 'head'>;
  /** Logs and trials. */
  readonly operations: StreamStore;
  readonly aggregates: Pick<AggregateStore, 'execute' | 'load'>;
  readonly artifacts: ArtifactStore;
  readonly threads: number;
  /** The compiled compute thread. */
  readonly computeProgram: string;
  readonly folders: {
    /** Where paths of data sets resolve. */
    readonly datasets: string;
    /** What a job writes on the way; emptied when it ends and when the worker starts. */
    readonly work: string;
    /** Where folders of external trainers resolve. */
    readonly configuration: string;
  };
  readonly allowedUrls: readonly string[];
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly logger: Logger;
}
