/** What the events of data sets and training jobs say of nodes and edges, before anything is known of them. */
import type { api, DatasetVersionRegistered, EventOf, TrainingRequested } from '#libs/contracts/index.js';
import { nodeId } from './node.js';
import { named, type Said } from './said.js';

interface By {
  readonly at: string;
  readonly actor: string;
}

export function saidByDataset(
  { name, version, digest, format, bytes, rows }: EventOf<typeof DatasetVersionRegistered>['data'],
  seq: number,
  { at, actor }: By,
): Said {
  const made = { created_at: at, created_by: actor, registered_seq: seq };
  const attributes = { dataset: name, version, digest, format, bytes, rows, ...made };
  return { nodes: [{ id: datasetNode(name, version), recorded: true, attributes }], edges: [] };
}

/** The job is linked with a data set version that it names; bytes without a name here are no node. */
export function saidByRequest(
  { job_id, spec }: EventOf<typeof TrainingRequested>['data'],
  seq: number,
  { at, actor }: By,
): Said {
  const job = nodeId('job', job_id);
  const requested = { requested_at: at, requested_by: actor, requested_seq: seq };
  const attributes = { model: spec.model, target: spec.target, seed: spec.seed, status: 'requested', ...requested };
  const made = { id: job, recorded: true, attributes };
  const { name, version } = spec.dataset;
  if (name === null || version === null) return { nodes: [made], edges: [] };
  const dataset = datasetNode(name, version);
  return { nodes: [named(dataset), made], edges: [trainedOn(dataset, job)] };
}

export const saidByEnd = (job: string, status: 'succeeded' | 'failed' | 'cancelled', { at }: By): Said => ({
  nodes: [{ id: nodeId('job', job), recorded: true, attributes: { status, finished_at: at } }],
  edges: [],
});

const datasetNode = (name: string, version: string): string => nodeId('dataset', `${name}@${version}`);

/** The registration of the job's version says it again. */
const trainedOn = (from: string, to: string): Said['edges'][number] => ({
  ...{ from, to, type: 'trained_on' satisfies api.EdgeType, once: false },
  attributes: () => ({}),
});
