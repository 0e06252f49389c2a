import { readFileSync } from 'node:fs';
import {
  datasetEvents,
  trainingEvents,
  type DatasetEvent,
  type GovernanceEvent,
  type RecordedEvent,
  type TrainingEvent,
} from '#libs/contracts/index.js';
import { isUnknown, type LogRecord } from '#libs/event-log/index.js';
import { Changes, type Projection } from '#libs/projecting/index.js';
import { algorithmOf, foldJob } from './fold/job.js';
import { datasets, datasetVersions, jobs, jobStates, stageResults, tables, type JobStateRow } from './tables.js';

type TrainingFact =
  | { readonly kind: 'job'; readonly record: RecordedEvent<TrainingEvent> }
  | { readonly kind: 'dataset'; readonly record: RecordedEvent<DatasetEvent> };

/** Training jobs and data sets, from EVENTS. */
export const training: Projection<LogRecord<GovernanceEvent>, TrainingFact> = {
  name: 'training',
  version: 1,
  stream: 'EVENTS',
  schemaSql: readFileSync(new URL('./schema.sql', import.meta.url), 'utf8'),
  tables,

  decode(record) {
    if (isUnknown(record)) return { kind: 'unreadable', reason: record.unknown.code };
    if (isOf<TrainingEvent>(jobKinds, record)) return { kind: 'fact', fact: { kind: 'job', record } };
    if (isOf<DatasetEvent>(datasetKinds, record)) return { kind: 'fact', fact: { kind: 'dataset', record } };
    return { kind: 'irrelevant' };
  },

  needs({ fact: { kind, record } }) {
    if (kind === 'job') return [{ table: jobStates, key: { job_id: record.event.data.job_id } }];
    const { name: dataset, version } = record.event.data;
    return [
      { table: datasets, key: { dataset } },
      { table: datasetVersions, key: { dataset, version } },
    ];
  },

  apply(before, facts) {
    const changes = new Changes(before);
    for (const { fact } of facts) {
      if (fact.kind === 'job') applyJob(changes, fact.record);
      else applyDataset(changes, fact.record);
    }
    return changes.operations;
  },
};

const kindsOf = (events: readonly { readonly type: string }[]): ReadonlySet<string> =>
  new Set(events.map(({ type }) => type));
const [jobKinds, datasetKinds] = [kindsOf(trainingEvents), kindsOf(datasetEvents)];

const isOf = <Event extends GovernanceEvent>(
  kinds: ReadonlySet<string>,
  record: RecordedEvent<GovernanceEvent>,
): record is RecordedEvent<Event> => kinds.has(record.event.type);

function applyJob(changes: Changes, record: RecordedEvent<TrainingEvent>): void {
  const { seq, event, meta } = record;
  const { job_id } = event.data;
  // What `put` below wrote, as its columns say.
  const known = changes.get(jobStates, { job_id }) as JobStateRow | undefined;
  const outcome = foldJob(known, record);
  if (!outcome.ok) {
    changes.skip(seq, outcome.rejection);
    return;
  }
  // A worker that is only heard of says nothing new: a long job would write a row every half minute.
  if (event.type === 'TrainingProgressed' && known?.progress === outcome.value.progress) return;
  changes.put(jobStates, seq, { ...outcome.value });
  if (event.type === 'TrainingRequested') {
    const { spec } = event.data;
    const { name, version } = spec.dataset;
    changes.put(jobs, seq, {
      ...{ job_id, model: spec.model, target: spec.target, algorithm: algorithmOf(spec) },
      dataset: name === null || version === null ? null : `${name}@${version}`,
      ...{ spec, requested_seq: seq, requested_at: meta.at, requested_by: meta.actor },
    });
  }
  if (event.type === 'TrainingStageFinished') {
    const { result, duration_s } = event.data;
    const finished = { finished_seq: seq, finished_at: meta.at, duration_s };
    changes.put(stageResults, seq, { job_id, stage: result.stage, ...finished, result });
  }
}

function applyDataset(changes: Changes, { seq, event, meta }: RecordedEvent<DatasetEvent>): void {
  const { name: dataset, ...version } = event.data;
  if (changes.get(datasetVersions, { dataset, version: version.version }) !== undefined) {
    changes.skip(seq, `${dataset}@${version.version} is registered already`);
    return;
  }
  if (changes.get(datasets, { dataset }) === undefined)
    changes.put(datasets, seq, { dataset, created_seq: seq, created_at: meta.at });
  changes.put(datasetVersions, seq, { dataset, ...version, created_at: meta.at, created_by: meta.actor, seq });
}
