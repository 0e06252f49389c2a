/** A real log with training jobs on it, and orchestrators that see to them. Workers are played by the specs. */
import { connect } from '@nats-io/transport-node';
import {
  eventCatalogue,
  subjects,
  type EventOf,
  type GovernanceEvent,
  type ProcessStepTaken,
  type RecordedEvent,
  type StageResult,
  type TrainingSpec,
} from '#libs/contracts/index.js';
import {
  modelDefinition,
  trainingJobDefinition,
  type ModelCommand,
  type TrainingJobCommand,
} from '#libs/domain/index.js';
import {
  AggregateStore,
  ensureStreams,
  EventReader,
  isUnknown,
  JetStreamStore,
  SnapshotStore,
  verifyEvents,
  type LogProblem,
} from '#libs/event-log/index.js';
import { entityIdOf, randomIds, systemClock } from '#libs/kernel/index.js';
import { commandMeta } from '#libs/nest/index.js';
import { start, type RunningOrchestrator } from '#apps/orchestrator/main.js';
import { streamDeclarations, streamNames } from '#config/streams.js';
import { trainingSamples } from '#tests/contract/golden-training-samples.js';
import { startNats } from '#tests/support/nats.js';
import { until } from '#tests/support/wait.js';

type Step = EventOf<typeof ProcessStepTaken>['data'];

export interface World {
  orchestrate(): Promise<RunningOrchestrator>;
  /** @returns the job's id */
  request(spec?: Partial<TrainingSpec>): Promise<string>;
  /** What happens to a job; its refusal is thrown. */
  onJob(job: string, command: TrainingJobCommand): Promise<void>;
  onModel(model: string, command: ModelCommand): Promise<void>;
  /** Claims the job and finishes its stages, of which some may be other than the sample's. */
  finish(job: string, changed?: Partial<Record<StageResult['stage'], object>>): Promise<void>;
  /** The job's events. */
  eventsOf(job: string): Promise<readonly RecordedEvent<GovernanceEvent>[]>;
  /** Waits for an event of the job. */
  seen(job: string, type: GovernanceEvent['type']): Promise<RecordedEvent<GovernanceEvent>>;
  steps(job: string): Promise<readonly Step[]>;
  /** Waits until the process has ended and nothing that it issued is open; gives its steps. */
  settled(job: string): Promise<readonly Step[]>;
  modelEvents(model: string): Promise<readonly RecordedEvent<GovernanceEvent>[]>;
  problems(): Promise<readonly LogProblem[]>;
  stop(): Promise<void>;
}

export async function startWorld(): Promise<World> {
  const nats = await startNats();
  const connection = await connect(nats.connection);
  await ensureStreams(connection, streamDeclarations(1));
  const log = new JetStreamStore({ connection, stream: streamNames.events });
  const snapshots = new SnapshotStore(new JetStreamStore({ connection, stream: streamNames.snapshots }));
  const aggregates = new AggregateStore({ events: log, snapshots, clock: systemClock, random: Math.random });
  const reader = new EventReader<GovernanceEvent>(log, eventCatalogue);
  const orchestrators: RunningOrchestrator[] = [];
  let asked = 0;

  const metaOf = (target: string) => {
    asked += 1;
    return commandMeta({
      ...{ actor: 'ann', call: 'test', target, idempotencyKey: String(asked), body: { asked } },
      ...{ at: systemClock.now(), ids: randomIds },
    });
  };
  const read = async (aggregate: string): Promise<readonly RecordedEvent<GovernanceEvent>[]> => {
    const { records } = await reader.page(1, 1_000, { aggregate });
    return records.map((record) => {
      if (isUnknown(record)) throw new Error(JSON.stringify(record));
      return record;
    });
  };

  const world: World = {
    async orchestrate() {
      const env = { NATS_URL: nats.url, DATABASE_URL: 'postgres://unused:0/none', LOG_LEVEL: 'silent' };
      const running = await start({ env });
      orchestrators.push(running);
      return running;
    },
    async request(changed = {}) {
      const meta = metaOf('job');
      const job = entityIdOf('job', meta.commandId);
      const spec = { ...sampleSpec(), search: null, register: true, ...changed };
      const outcome = await aggregates.execute(
        trainingJobDefinition,
        job,
        { type: 'RequestTraining', job_id: job, spec },
        meta,
      );
      if (!outcome.ok) throw new Error(JSON.stringify(outcome));
      return job;
    },
    async onJob(job, command) {
      const outcome = await aggregates.execute(trainingJobDefinition, job, command, metaOf(job));
      if (!outcome.ok) throw new Error(JSON.stringify(outcome));
    },
    async onModel(model, command) {
      const outcome = await aggregates.execute(modelDefinition, model, command, metaOf(model));
      if (!outcome.ok) throw new Error(JSON.stringify(outcome));
    },
    async finish(job, changed = {}) {
      await world.onJob(job, { type: 'ClaimJob', worker: 'training-1', incarnation: randomIds.next(0) });
      for (const result of sampleResults())
        await world.onJob(job, {
          ...{ type: 'FinishStage', claim: 1, duration_s: 1 },
          result: { ...result, ...changed[result.stage] },
        });
    },
    eventsOf: (job) => read(subjects.trainingJob(job)),
    seen: (job, type) =>
      until(async () => (await world.eventsOf(job)).find(({ event }) => event.type === type), {
        what: `${type} of job ${job}`,
      }),
    steps: async (job) => (await read(subjects.process('training', job))).map(({ event }) => event.data as Step),
    settled: (job) =>
      until(
        async () => {
          const steps = await world.steps(job);
          const issued = steps.flatMap(({ commands }) => commands);
          const settled = steps.filter(({ input }) => input.kind === 'settlement');
          const last = steps.at(-1);
          return last !== undefined && last.ended !== null && issued.length === settled.length && steps;
        },
        { what: `the process of job ${job} to be settled` },
      ),
    modelEvents: (model) => read(subjects.model(model)),
    async problems() {
      const problems: LogProblem[] = [];
      for await (const problem of verifyEvents(log, eventCatalogue)) problems.push(problem);
      return problems;
    },
    async stop() {
      for (const each of orchestrators.splice(0)) await each.stop();
      await aggregates.idle();
      await connection.close();
      await nats.stop();
    },
  };
  return world;
}

const events = trainingSamples.map(({ event }) => event);

function sampleSpec(): TrainingSpec {
  for (const { type, data } of events) if (type === 'TrainingRequested') return data.spec;
  throw new Error('there is no sample of TrainingRequested');
}

/** Of a job without a search, which has passed its gate. */
function sampleResults(): readonly StageResult[] {
  return events.flatMap(({ type, data }): StageResult[] => {
    if (type !== 'TrainingStageFinished' || data.result.stage === 'search') return [];
    return [data.result.stage === 'package' ? { ...data.result, gate: { passed: true, reasons: [] } } : data.result];
  });
}
