import { readFileSync } from 'node:fs';
import {
  deploymentEvents,
  type DeploymentEvent,
  type GovernanceEvent,
  type RecordedEvent,
} from '#libs/contracts/index.js';
import { isUnknown, type LogRecord } from '#libs/event-log/index.js';
import { Changes, temporal, type Projection } from '#libs/projecting/index.js';
import { foldDeployment, type DeploymentRow } from './fold.js';

type DeploymentFact = RecordedEvent<DeploymentEvent>;

const deploymentTable = temporal({
  name: 'deployments',
  key: ['deployment'],
  columns: {
    deployment: 'text',
    environment: 'text',
    state: 'text',
    recording: 'text',
    live: 'jsonb',
    former: 'jsonb',
    pending: 'jsonb',
    stayed: 'jsonb',
  },
});

const rolloutTable = temporal({
  name: 'rollouts',
  key: ['deployment', 'rollout_id'],
  columns: {
    deployment: 'text',
    rollout_id: 'text',
    model: 'text',
    version: 'text',
    artifact: 'text',
    environment: 'text',
    strategy: 'jsonb',
    recording: 'text',
    follows: 'boolean',
    champion_seq: 'bigint',
    state: 'text',
    requested_at: 'text',
    requested_by: 'text',
    requested_seq: 'bigint',
    live_at: 'text',
    live_seq: 'bigint',
    settled_at: 'text',
    settled_seq: 'bigint',
    failure: 'jsonb',
    crashes: 'integer',
    cut_off: 'jsonb',
    ready_instances: 'integer',
  },
});

/** Deployments and their rollouts, from EVENTS. */
export const deployments: Projection<LogRecord<GovernanceEvent>, DeploymentFact> = {
  name: 'deployments',
  version: 3,
  stream: 'EVENTS',
  schemaSql: readFileSync(new URL('./schema.sql', import.meta.url), 'utf8'),
  tables: [deploymentTable, rolloutTable],

  decode(record) {
    if (isUnknown(record)) return { kind: 'unreadable', reason: record.unknown.code };
    return isDeploymentFact(record) ? { kind: 'fact', fact: record } : { kind: 'irrelevant' };
  },

  needs: ({ fact }) => [{ table: deploymentTable, key: { deployment: fact.event.data.deployment } }],

  apply(before, facts) {
    const changes = new Changes(before);
    for (const { seq, fact } of facts) {
      const known = changes.get(deploymentTable, { deployment: fact.event.data.deployment });
      // What `put` below wrote, as its columns say.
      const outcome = foldDeployment(known as DeploymentRow | undefined, fact);
      if (!outcome.ok) {
        changes.skip(seq, outcome.rejection);
        continue;
      }
      changes.put(deploymentTable, seq, { ...outcome.value.deployment });
      for (const rollout of outcome.value.rollouts) changes.put(rolloutTable, seq, { ...rollout });
    }
    return changes.operations;
  },
};

const kinds: ReadonlySet<string> = new Set(deploymentEvents.map(({ type }) => type));

const isDeploymentFact = (record: RecordedEvent<GovernanceEvent>): record is DeploymentFact =>
  kinds.has(record.event.type);
