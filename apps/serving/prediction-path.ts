import { eventCatalogue, type GovernanceEvent } from '#libs/contracts/index.js';
import { BulkPublisher, EventReader, JetStreamStore } from '#libs/event-log/index.js';
import type { Logger, Metrics } from '#libs/nest/index.js';
import type { CrashJournal } from './crashes/crash-journal.js';
import { pendingRows } from './metrics/pending-rows.js';
import { loadInProcess } from './models/load-in-process.js';
import { ModelPool } from './models/model-pool.js';
import { Admission } from './prediction/admission.js';
import type { PredictContext } from './prediction/context.js';
import { Deadlines } from './prediction/deadlines.js';
import { Recorder, type Published } from './recording/recorder.js';
import { RecordingHealth } from './recording/recording-health.js';
import { Lease } from './routing/lease.js';
import { RoutingFollower } from './routing/routing-follower.js';
import { servingMetrics } from './serving-metrics.js';
import type { ServingOptions } from './serving-options.js';

/** One life of a serving process. */
export interface Life {
  /** Of this life alone: in members, chunks and health. */
  readonly instance: string;
  readonly epoch: string;
  /** Where it is kept which version runs. */
  readonly journal: CrashJournal | undefined;
  /** Whether what it loaded before it served is behind it. */
  readonly isServing: () => boolean;
}

/** What a prediction passes through, from its route to the log. */
export interface PredictionPath {
  readonly events: EventReader<GovernanceEvent>;
  readonly follower: RoutingFollower;
  readonly lease: Lease;
  readonly pool: ModelPool;
  readonly admission: Admission;
  readonly predict: PredictContext;
  readonly recorder: Recorder;
  readonly recording: RecordingHealth;
  readonly publisher: BulkPublisher;
  readonly metrics: Metrics;
}

/** A message holds the chunk, its schema and headers: so much is left for the values of a row. */
const messageOverhead = 16 * 1024;
const defaultMaxPayload = 1024 * 1024;

/** The parts, joined. They wait: the table is followed from `follower.start` on. */
export function predictionPath(options: ServingOptions, life: Life): PredictionPath {
  const { connection, streams, clock, logger } = options;
  const { instance, epoch, journal } = life;
  const events = new EventReader<GovernanceEvent>(
    new JetStreamStore({ connection, stream: streams.events }),
    eventCatalogue,
  );
  const publisher = new BulkPublisher({
    connection,
    stream: streams.traffic,
    clock,
    giveUpAfterMs: options.recordWithinMs ?? 5_000,
  });
  const maxRecordedBytes = (connection.info?.max_payload ?? defaultMaxPayload) - messageOverhead;
  const lease = new Lease();
  const pool: ModelPool = new ModelPool({
    writer: { instance, epoch },
    maxRowsPerRun: options.maxBatchRows,
    cacheEntries: options.cacheEntries ?? 0,
    maxModelBytes: (options.maxModelMb ?? Number.POSITIVE_INFINITY) * 2 ** 20,
    load: loadInProcess(options, journal, life.isServing),
    observe: journal && ((rollout) => journal.observe(rollout)),
    maxRecordedBytes,
    clock,
    logger,
    onChange: () => {
      follower.refresh();
    },
  });
  const follower: RoutingFollower = new RoutingFollower({ events, pool, lease, logger });
  const admission = new Admission({
    lease,
    clock,
    routing: () => follower.current,
    maxQueuedRows: options.maxQueuedRows,
    queueDeadlineMs: options.queueDeadlineMs ?? 2_000,
  });
  const { metrics, published } = servingMetrics({
    instance: options.instance,
    admission,
    lease,
    clock,
    models: pool,
    counts: () => pool.counts(),
    pending: () => pendingRows(follower.current),
    routingSeq: () => follower.current.sequence,
    publishesInFlight: () => publisher.inFlight,
  });
  const recording = new RecordingHealth(clock);
  const recorder = new Recorder({
    epoch,
    publisher,
    clock,
    queuedRows: () => admission.queuedRows,
    onPublished: (each) => {
      recording.published(each);
      published(each);
      logGivenUp(logger, each);
    },
  });
  const predict = { admission, recorder, deadlines: new Deadlines(clock), maxRecordedBytes };
  return { events, follower, lease, pool, admission, predict, recorder, recording, publisher, metrics };
}

function logGivenUp(logger: Logger, { error, rows, version }: Published): void {
  if (error !== undefined) logger.error({ err: error, rows, subject: version.subject }, 'a chunk was given up');
}
