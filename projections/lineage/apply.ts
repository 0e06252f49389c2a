import { readFileSync } from 'node:fs';
import type { GovernanceEvent, RecordedEvent } from '#libs/contracts/index.js';
import { isUnknown, type LogRecord } from '#libs/event-log/index.js';
import { assertNever, canonicalJson } from '#libs/kernel/index.js';
import { Changes, type Projection, type Row, type RowReference } from '#libs/projecting/index.js';
import { keyOf, nodeId, versionNode } from './node.js';
import { named, saidByEvaluation, saidByRegistration, type Said, type SaidEdge, type SaidNode } from './said.js';
import { saidByDataset, saidByEnd, saidByRequest } from './said-of-training.js';
import { foldServing, type ServedEdge, type Serving, type ServingEvent } from './serving.js';
import { edges, nodes, serving, type Attributes } from './tables.js';

/** Most events say all there is to say by themselves; deployments need what went before. */
type LineageFact =
  | { readonly kind: 'registered'; readonly version: string; readonly said: Said }
  | { readonly kind: 'said'; readonly said: Said }
  | { readonly kind: 'serving'; readonly event: ServingEvent };

/** What came of what: data sets, training jobs, versions, artifacts and deployments, from EVENTS. */
export const lineage: Projection<LogRecord<GovernanceEvent>, LineageFact> = {
  name: 'lineage',
  version: 3,
  readableFrom: 1,
  stream: 'EVENTS',
  schemaSql: readFileSync(new URL('./schema.sql', import.meta.url), 'utf8'),
  tables: [nodes, edges, serving],

  decode(record) {
    if (isUnknown(record)) return { kind: 'unreadable', reason: record.unknown.code };
    const fact = factOf(record);
    return fact === undefined ? { kind: 'irrelevant' } : { kind: 'fact', fact };
  },

  needs({ fact }) {
    switch (fact.kind) {
      case 'registered':
      case 'said':
        return [
          ...fact.said.nodes.map(({ id }) => nodeReference(id)),
          ...fact.said.edges.filter(({ once }) => !once).map(edgeReference),
        ];
      case 'serving':
        return servingReferences(fact.event);
      default:
        return assertNever(fact, 'lineage fact');
    }
  },

  apply(before, facts) {
    const changes = new Changes(before);
    for (const { seq, fact } of facts) {
      switch (fact.kind) {
        case 'registered':
          if (changes.get(nodes, { key: keyOf(fact.version) })?.['recorded'] === true)
            changes.skip(seq, `${fact.version} is registered already`);
          else applySaid(changes, seq, fact.said);
          break;
        case 'said':
          applySaid(changes, seq, fact.said);
          break;
        case 'serving':
          applyServing(changes, seq, fact.event);
          break;
        default:
          assertNever(fact, 'lineage fact');
      }
    }
    return changes.operations;
  },
};

function factOf({ seq, event, meta }: RecordedEvent<GovernanceEvent>): LineageFact | undefined {
  switch (event.type) {
    case 'VersionRegistered': {
      const version = versionNode(event.data.model, event.data.version);
      return { kind: 'registered', version, said: saidByRegistration(event.data, seq, meta) };
    }
    case 'EvaluationRecorded':
      return { kind: 'said', said: saidByEvaluation(event.data, seq) };
    case 'DatasetVersionRegistered':
      return { kind: 'said', said: saidByDataset(event.data, seq, meta) };
    case 'TrainingRequested':
      return { kind: 'said', said: saidByRequest(event.data, seq, meta) };
    case 'TrainingSucceeded':
      return { kind: 'said', said: saidByEnd(event.data.job_id, 'succeeded', meta) };
    case 'TrainingFailed':
      return { kind: 'said', said: saidByEnd(event.data.job_id, 'failed', meta) };
    case 'TrainingCancelled':
      return { kind: 'said', said: saidByEnd(event.data.job_id, 'cancelled', meta) };
    case 'DeploymentRequested':
    case 'DeploymentWentLive':
    case 'DeploymentRolledBack':
    case 'DeploymentFailed':
    case 'DeploymentStayed':
    case 'DeploymentRetired':
      return { kind: 'serving', event };
    default:
      return undefined;
  }
}

function applySaid(changes: Changes, seq: number, said: Said): void {
  for (const node of said.nodes) putNode(changes, seq, node);
  for (const edge of said.edges) putEdge(changes, seq, edge);
}

/** What is recorded stays so; what is said again changes nothing. */
function putNode(changes: Changes, seq: number, { id, recorded, registration, attributes }: SaidNode): void {
  const key = keyOf(id);
  const known = changes.get(nodes, { key });
  // Most nodes that are known are only named again.
  if (known !== undefined && !recorded) return;
  const next = {
    ...{ key, id, recorded },
    model: registration?.model ?? known?.['model'] ?? null,
    registered_seq: registration?.seq ?? known?.['registered_seq'] ?? null,
    attributes: { ...(known?.['attributes'] as Attributes | undefined), ...attributes },
  };
  if (!same(known, next)) changes.put(nodes, seq, next);
}

function putEdge(changes: Changes, seq: number, edge: SaidEdge): void {
  const key = keyOfEdge(edge);
  const known = edge.once ? undefined : changes.get(edges, key);
  const next = {
    ...key,
    seq: known?.['seq'] ?? seq,
    attributes: edge.attributes(known?.['attributes'] as Attributes | undefined),
  };
  if (!same(known, next)) changes.put(edges, seq, next);
}

function applyServing(changes: Changes, seq: number, event: ServingEvent): void {
  const { deployment } = event.data;
  const known = changes.get(serving, { deployment });
  const key = keyOfServed(event);
  const edge = key && changes.get(edges, key);
  // What `put` below wrote, as its columns say.
  const outcome = foldServing(
    known as Serving | undefined,
    edge as Omit<ServedEdge, 'version'> | undefined,
    event,
    seq,
  );
  if (!outcome.ok) {
    changes.skip(seq, outcome.rejection);
    return;
  }
  changes.put(serving, seq, { deployment, ...outcome.value.serving });
  for (const node of nodesOf(event)) putNode(changes, seq, node);
  for (const { version, seq: first, attributes } of outcome.value.edges)
    changes.put(edges, seq, { ...keyOfEdge(servedBy(version, deployment)), seq: first, attributes });
}

/** Only a request and the end change the deployment's own node. */
function nodesOf(event: ServingEvent): SaidNode[] {
  const id = nodeId('deployment', event.data.deployment);
  switch (event.type) {
    case 'DeploymentRequested': {
      const { model, version, environment } = event.data;
      return [named(versionNode(model, version)), { id, recorded: true, attributes: { environment, retired: false } }];
    }
    case 'DeploymentRetired':
      return [{ id, recorded: true, attributes: { retired: true } }];
    case 'DeploymentWentLive':
    case 'DeploymentRolledBack':
    case 'DeploymentFailed':
    case 'DeploymentStayed':
      return [];
    default:
      return assertNever(event, 'serving event');
  }
}

function servingReferences(event: ServingEvent): RowReference[] {
  const key = keyOfServed(event);
  return [
    { table: serving, key: { deployment: event.data.deployment } },
    ...nodesOf(event).map(({ id }) => nodeReference(id)),
    ...(key === undefined ? [] : [{ table: edges, key }]),
  ];
}

const servedBy = (version: string, deployment: string): Pick<SaidEdge, 'from' | 'to' | 'type'> => ({
  ...{ from: version, to: nodeId('deployment', deployment), type: 'served_by' },
});

/** Of the edge from the version that is asked for, or returned to. */
function keyOfServed({ type, data }: ServingEvent): Row | undefined {
  switch (type) {
    case 'DeploymentRequested':
      return keyOfEdge(servedBy(versionNode(data.model, data.version), data.deployment));
    case 'DeploymentRolledBack':
      return keyOfEdge(servedBy(versionNode(data.to.model, data.to.version), data.deployment));
    case 'DeploymentWentLive':
    case 'DeploymentFailed':
    case 'DeploymentStayed':
    case 'DeploymentRetired':
      return undefined;
    default:
      return assertNever(type, 'serving event');
  }
}

const nodeReference = (id: string): RowReference => ({ table: nodes, key: { key: keyOf(id) } });
const edgeReference = (edge: SaidEdge): RowReference => ({ table: edges, key: keyOfEdge(edge) });

const keyOfEdge = ({ from, to, type }: Pick<SaidEdge, 'from' | 'to' | 'type'>): Row => ({
  ...{ from_key: keyOf(from), to_key: keyOf(to), type },
});

/** PostgreSQL gives the members of JSON back in another order. */
const same = (known: Row | undefined, next: Row): boolean =>
  known !== undefined && canonicalJson(known) === canonicalJson(next);
