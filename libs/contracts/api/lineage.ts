import { z } from 'zod';
import { asOfSeq } from './common.js';

export const nodeType = z.enum(['dataset', 'source', 'job', 'version', 'artifact', 'deployment']);
export type NodeType = z.infer<typeof nodeType>;

/** `version:churn@1.0.0`, `dataset:loans@3`, `job:<id>`, `artifact:sha256:…`, `deployment:checkout`, `source:<text>`. */
export const nodeId = z
  .string()
  .max(2100)
  .regex(
    /^(dataset|source|job|version|artifact|deployment):.+$/s,
    'a node is written type:name, for example version:churn@1.0.0',
  )
  .meta({ id: 'LineageNodeId' });

/** What flows along an edge, from what was there first to what came of it. */
export const edgeType = z.enum([
  /** dataset → job, dataset → version where no job is named */
  'trained_on',
  /** dataset → version */
  'evaluated_on',
  /** job → version, source → version */
  'produced',
  /** version → version */
  'parent_of',
  /** artifact → version: its bytes */
  'bytes_of',
  /** artifact → version: its baseline */
  'baseline_of',
  /** artifact → version: a curve of its evaluations */
  'curve_of',
  /** version → deployment */
  'served_by',
]);
export type EdgeType = z.infer<typeof edgeType>;

export const lineageNode = z.object({
  id: nodeId,
  type: nodeType,
  name: z.string(),
  /** False: nothing in this log made it; it is as somebody gave it. */
  recorded: z.boolean(),
  attributes: z.record(z.string(), z.unknown()),
});
export type LineageNode = z.infer<typeof lineageNode>;

export const lineageEdge = z.object({
  from: nodeId,
  to: nodeId,
  type: edgeType,
  /** The event that says so first. */
  seq: z.int(),
  attributes: z.record(z.string(), z.unknown()),
});
export type LineageEdge = z.infer<typeof lineageEdge>;

export const lineageGraph = z
  .object({
    roots: z.array(nodeId),
    nodes: z.array(lineageNode),
    edges: z.array(lineageEdge),
    /** True: more lies beyond the depth or the number of nodes asked for. */
    truncated: z.boolean(),
    ...asOfSeq,
  })
  .meta({ id: 'LineageGraph' });
export type LineageGraph = z.infer<typeof lineageGraph>;

export const direction = z.enum(['upstream', 'downstream', 'both']);
