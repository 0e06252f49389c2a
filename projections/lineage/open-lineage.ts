/** The runs behind the versions of a graph, as events of OpenLineage (openlineage.io, spec 2-0-2). */
import { z } from 'zod';
import type { api } from '#libs/contracts/index.js';
import { entityIdOf } from '#libs/kernel/index.js';
import { groupBy } from '#libs/projecting/index.js';

export const openLineageVersion = '2-0-2';

/** Both name who says it and where its schema is; what else a facet holds is its own affair. */
export interface OpenLineageFacet {
  readonly _producer: string;
  readonly _schemaURL: string;
  readonly [field: string]: unknown;
}
type Facets = Readonly<Record<string, OpenLineageFacet>>;

export interface OpenLineageDataset {
  readonly namespace: string;
  readonly name: string;
  readonly facets: Facets;
  readonly inputFacets?: Facets;
}

export interface OpenLineageRunEvent {
  readonly eventType: 'COMPLETE';
  /** ISO-8601. */
  readonly eventTime: string;
  readonly run: { readonly runId: string; readonly facets: Facets };
  readonly job: { readonly namespace: string; readonly name: string };
  readonly inputs: readonly OpenLineageDataset[];
  readonly outputs: readonly OpenLineageDataset[];
  readonly producer: string;
  readonly schemaURL: string;
}

const namespace = 'modelog';
const producer = 'urn:modelog:lineage';
const schemaURL = `https://openlineage.io/spec/${openLineageVersion}/OpenLineage.json#/$defs/RunEvent`;

/**
 * One COMPLETE event for each run that made recorded versions of the graph, in order of time: its training job, or the
 * registration where no job is named. A run completed at the latest when its last version was registered, which is the
 * event's time. Names are the ids of nodes, in the namespace `modelog`. Where the graph is truncated inputs may be missing;
 * the run's `modelog_lineage` facet says so.
 */
export function openLineageEvents(graph: api.LineageGraph): OpenLineageRunEvent[] {
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  const into = groupBy(graph.edges, ({ to }) => to);
  const made = graph.nodes.filter(({ type, recorded }) => type === 'version' && recorded);
  const runs = groupBy(made, ({ id }) => jobOf(into.get(id), nodes)?.id ?? id);
  return [...runs]
    .map(([origin, versions]) => eventOf(graph, nodes, into, nodes.get(origin)!, versions))
    .sort((a, b) => byText(a.eventTime, b.eventTime) || byText(a.run.runId, b.run.runId));
}

type Nodes = ReadonlyMap<string, api.LineageNode>;
type Into = ReadonlyMap<string, readonly api.LineageEdge[]>;

const jobOf = (edges: readonly api.LineageEdge[] = [], nodes: Nodes): api.LineageNode | undefined =>
  edges
    .filter(({ type }) => type === 'produced')
    .map(({ from }) => nodes.get(from)!)
    .find(({ type }) => type === 'job');

/** @param origin the job, or the version whose registration is the run. */
function eventOf(
  graph: api.LineageGraph,
  nodes: Nodes,
  into: Into,
  origin: api.LineageNode,
  versions: readonly api.LineageNode[],
): OpenLineageRunEvent {
  const edges = [...new Set([origin, ...versions])].flatMap(({ id }) => into.get(id) ?? []);
  const inputs = edges.filter(({ type }) => type === 'trained_on' || type === 'parent_of');
  const sources = edges.map(({ from }) => nodes.get(from)!).filter(({ type }) => type === 'source');
  return {
    eventType: 'COMPLETE',
    eventTime: versions.map(registeredAt).reduce((a, b) => (a > b ? a : b)),
    run: {
      runId: runIdOf(origin),
      facets: {
        modelog_lineage: facet('ModelogLineageRunFacet', {
          sources: [...new Set(sources.map(({ name }) => name))].sort(byText),
          as_of_seq: graph.as_of_seq,
          truncated: graph.truncated,
        }),
      },
    },
    job: { namespace, name: jobName(origin, edges) },
    inputs: [...groupBy(inputs, ({ from }) => from)]
      .map(([from, ways]) => ({ ...dataset(nodes.get(from)!), inputFacets: { modelog_edges: edgesFacet(ways) } }))
      .sort((a, b) => byText(a.name, b.name)),
    outputs: versions.map(dataset).sort((a, b) => byText(a.name, b.name)),
    producer,
    schemaURL,
  };
}

/** A run's id is a UUID: the job's own where it is one. */
const runIdOf = (origin: api.LineageNode): string =>
  origin.type === 'job' && z.uuid().safeParse(origin.name).success ? origin.name : entityIdOf('run', origin.id);

/** A version without a job was optimised from another one, or registered as it is. */
function jobName(origin: api.LineageNode, edges: readonly api.LineageEdge[]): string {
  if (origin.type === 'job') return origin.id;
  const derived = edges.some(({ type, attributes }) => type === 'parent_of' && attributes['method'] !== undefined);
  return `${derived ? 'optimise' : 'register'}:${String(origin.attributes['model'])}`;
}

function registeredAt({ id, attributes }: api.LineageNode): string {
  const at = attributes['created_at'];
  if (typeof at !== 'string') throw new TypeError(`${id}: expected the time of its registration in created_at`);
  return at;
}

function dataset({ id, type, name, recorded, attributes }: api.LineageNode): OpenLineageDataset {
  const facets: Facets = { modelog_node: facet('ModelogNodeDatasetFacet', { type, name, recorded }) };
  if (type !== 'version' || !recorded) return { namespace, name: id, facets };
  const version = facet('ModelogVersionDatasetFacet', attributes);
  return { namespace, name: id, facets: { ...facets, modelog_version: version } };
}

/** How the run used the data set: an edge for each version it went into. */
const edgesFacet = (edges: readonly api.LineageEdge[]): OpenLineageFacet =>
  facet('ModelogEdgesInputDatasetFacet', {
    edges: edges.map(({ to, type, seq, attributes }) => ({ to, type, seq, ...attributes })),
  });

const facet = (name: string, fields: Readonly<Record<string, unknown>>): OpenLineageFacet => ({
  ...fields,
  _producer: producer,
  _schemaURL: `urn:modelog:openlineage:1-0-0#/$defs/${name}`,
});

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
