/** What the events of models say of nodes and edges, before anything is known of them. */
import type { api, EvaluationRecorded, EventOf, VersionRegistered } from '#libs/contracts/index.js';
import { nodeId, parentNode, versionNode } from './node.js';
import type { Attributes } from './tables.js';

/** A node that an event names. */
export interface SaidNode {
  readonly id: string;
  /** The event makes it, or shows that the server had it in hand; else it has no attributes. */
  readonly recorded: boolean;
  readonly registration?: { readonly model: string; readonly seq: number };
  /** Added to those it has. */
  readonly attributes: Attributes;
}

export interface SaidEdge {
  readonly from: string;
  readonly to: string;
  readonly type: api.EdgeType;
  /** No other event can say it: there is no such edge before, and none is looked for. */
  readonly once: boolean;
  /** The edge's attributes after the event; `known` are those before it. */
  readonly attributes: (known: Attributes | undefined) => Attributes;
}

export interface Said {
  readonly nodes: readonly SaidNode[];
  readonly edges: readonly SaidEdge[];
}

type Registration = EventOf<typeof VersionRegistered>['data'];

export function saidByRegistration(data: Registration, seq: number, by: { at: string; actor: string }): Said {
  const version = versionNode(data.model, data.version);
  const created = { created_at: by.at, created_by: by.actor, registered_seq: seq };
  const made: SaidNode = {
    id: version,
    recorded: true,
    registration: { model: data.model, seq },
    attributes: { model: data.model, version: data.version, artifact: data.artifact, size: data.size, ...created },
  };
  return joined(
    { nodes: [made], edges: [] },
    originOf(data, version),
    parentsOf(data, version),
    bytesOf(data, version),
  );
}

/** Data set → job → version; without a job the data set leads to the version itself. */
function originOf({ lineage }: Registration, version: string): Said {
  const dataset = lineage.dataset === undefined ? undefined : nodeId('dataset', lineage.dataset);
  const job = lineage.training_job === undefined ? undefined : nodeId('job', lineage.training_job);
  const source = lineage.source === undefined ? undefined : nodeId('source', lineage.source);
  return {
    nodes: [dataset, job, source].filter((id) => id !== undefined).map(named),
    edges: [
      ...(dataset === undefined || job !== undefined ? [] : [edge(dataset, version, 'trained_on')]),
      ...(dataset === undefined || job === undefined ? [] : [{ ...edge(dataset, job, 'trained_on'), once: false }]),
      ...(job === undefined ? [] : [edge(job, version, 'produced')]),
      ...(source === undefined ? [] : [edge(source, version, 'produced')]),
    ],
  };
}

/** Given as the parent and derived from: often both say the same. */
function parentsOf({ model, lineage, derivation }: Registration, version: string): Said {
  const parents = new Map<string, Attributes>();
  if (lineage.parent_version !== undefined) parents.set(parentNode(model, lineage.parent_version), {});
  if (derivation !== undefined)
    parents.set(versionNode(derivation.parent.model, derivation.parent.version), { method: derivation.method });
  return {
    nodes: [...parents.keys()].map(named),
    edges: [...parents].map(([parent, attributes]) => edge(parent, version, 'parent_of', attributes)),
  };
}

function bytesOf({ artifact, size, baseline }: Registration, version: string): Said {
  const bytes = artifactNode(artifact, { size });
  if (baseline === undefined) return { nodes: [bytes], edges: [edge(bytes.id, version, 'bytes_of')] };
  const rows = artifactNode(baseline.artifact, { format: baseline.format });
  return {
    nodes: [bytes, rows],
    edges: [edge(bytes.id, version, 'bytes_of'), edge(rows.id, version, 'baseline_of')],
  };
}

export function saidByEvaluation(data: EventOf<typeof EvaluationRecorded>['data'], seq: number): Said {
  const version = versionNode(data.model, data.version);
  const dataset = nodeId('dataset', data.evaluation.dataset);
  const curves = data.evaluation.curves ?? [];
  return {
    nodes: [named(version), named(dataset), ...curves.map(({ artifact }) => artifactNode(artifact, {}))],
    edges: [
      {
        ...{ from: dataset, to: version, type: 'evaluated_on', once: false },
        attributes: (known) => ({ evaluations: Number(known?.['evaluations'] ?? 0) + 1, newest_seq: seq }),
      },
      ...curves.map(({ artifact, kind }): SaidEdge => ({
        ...{ from: nodeId('artifact', artifact), to: version, type: 'curve_of', once: false },
        attributes: (known) => ({ kinds: [...new Set([...((known?.['kinds'] ?? []) as string[]), kind])].sort() }),
      })),
    ],
  };
}

export const named = (id: string): SaidNode => ({ id, recorded: false, attributes: {} });

/** No event makes an artifact: it is recorded once the server has read it for something that is. */
const artifactNode = (digest: string, attributes: Attributes): SaidNode => ({
  ...{ id: nodeId('artifact', digest), recorded: true, attributes },
});

/** An edge of a registration, which happens once to a version. */
const edge = (from: string, to: string, type: api.EdgeType, attributes: Attributes = {}): SaidEdge => ({
  ...{ from, to, type, once: true },
  attributes: () => attributes,
});

const joined = (...parts: readonly Said[]): Said => ({
  nodes: parts.flatMap(({ nodes }) => nodes),
  edges: parts.flatMap(({ edges }) => edges),
});
