import { rejection, type api, type Rejection } from '#libs/contracts/index.js';
import { accept, reject, type Result } from '#libs/kernel/index.js';
import { asOf, type ProjectionReader, type Queryable, type ReadAt } from '#libs/projecting/index.js';
import { keyOf, partsOf, versionNode } from './node.js';
import type { Attributes } from './tables.js';
import { walk, type Direction } from './walk.js';

/** Bounds of a graph that nobody named, and the largest that may be named. */
export const graphBounds = { depth: 50, limit: 1_000, mostLimit: 5_000 } as const;

export interface GraphOptions {
  /** Which way from the roots (default `both`: their ancestors and their descendants, no siblings). */
  readonly direction?: Direction | 'both' | undefined;
  /** Edges from the nearest root, 0 to 50 (default 50). */
  readonly depth?: number | undefined;
  /** Nodes, roots included, 1 to 5,000 (default 1,000). */
  readonly limit?: number | undefined;
}

export interface Descent {
  /** The version is the possible ancestor, or descends from it. */
  readonly descends: boolean;
  /**
   * Versions at or above it that are only named, by id: a registration of one of them may close a cycle at any time, so
   * that whoever decides on this answer appends under guard.
   */
  readonly unrecorded: readonly string[];
  readonly as_of_seq: number;
}

/** Reads of lineage. Every method may also refuse as `ProjectionReader.read` does. */
export class LineageQueries {
  constructor(private readonly reader: ProjectionReader) {}

  /**
   * What lies around the roots (node ids, at least one), with all edges between the nodes shown; or
   * `lineage_node_not_found`. Nodes: the roots, then nearer before farther ones; edges in order of their sequences.
   * Of too many nodes, those nearest are shown, and among equally near ones the first by id.
   * @throws RangeError for bounds that are not as `GraphOptions` says.
   */
  graph(
    { roots, ...options }: GraphOptions & { readonly roots: readonly string[] },
    at: ReadAt = {},
  ): Promise<Result<api.LineageGraph, Rejection>> {
    return this.reader.read(at, async (database, seq) => {
      const ids = [...new Set(roots)];
      const known = new Set((await findNodes(database, seq, ids.map(keyOf))).map(({ key }) => key));
      const missing = ids.find((id) => !known.has(keyOf(id)));
      return missing === undefined
        ? accept(await graphAround(database, seq, ids, options))
        : reject(rejection('lineage_node_not_found', `the lineage has no node '${missing}' as of ${seq}`));
    });
  }

  /**
   * What lies around all versions of a model, the newest first, or around one (MAJOR.MINOR.PATCH: the lineage knows no
   * aliases); or `model_not_found`, `version_not_found`.
   * @throws RangeError for bounds that are not as `GraphOptions` says.
   */
  ofModel(
    model: string,
    { version, ...options }: GraphOptions & { readonly version?: string | undefined } = {},
    at: ReadAt = {},
  ): Promise<Result<api.LineageGraph, Rejection>> {
    return this.reader.read(at, async (database, seq) => {
      const ids = await findVersions(database, seq, model, (options.limit ?? graphBounds.limit) + 1);
      if (ids.length === 0) return reject(rejection('model_not_found', `no model is named '${model}' as of ${seq}`));
      if (version === undefined) return accept(await graphAround(database, seq, ids, options));
      const [node] = await findNodes(database, seq, [keyOf(versionNode(model, version))]);
      return node?.recorded === true
        ? accept(await graphAround(database, seq, [node.id], options))
        : reject(rejection('version_not_found', `${model} has no version ${version} as of ${seq}`));
    });
  }

  /**
   * Whether a version (node id) descends from another one: if so, making it that one's parent would close a cycle. Walks
   * `parent_of` upwards, any number of generations. A version that nobody named yet descends from itself alone.
   */
  descendsFrom(version: string, possibleAncestor: string, at: ReadAt = {}): Promise<Result<Descent, Rejection>> {
    return this.reader.read(at, async (database, seq) => {
      const { rows } = await database.query<{ id: string | null; is_ancestor: boolean; recorded: boolean }>(
        `with recursive line (key) as (
           select $1::text collate "C"
           union
           select e.from_key from line
           join lineage.edges e on e.to_key = line.key and e.type = 'parent_of' and ${asOf('$3', 'e')}
         )
         select n.id, line.key = $2 as is_ancestor, coalesce(n.recorded, false) as recorded
         from line left join lineage.nodes n on n.key = line.key and ${asOf('$3', 'n')}
         where line.key = $2 or not coalesce(n.recorded, false)
         order by line.key`,
        [keyOf(version), keyOf(possibleAncestor), seq],
      );
      return accept({
        descends: rows.some(({ is_ancestor }) => is_ancestor),
        // The first step alone may have no row: every later one is the end of an edge.
        unrecorded: rows.filter(({ recorded }) => !recorded).map(({ id }) => id ?? version),
        as_of_seq: seq,
      });
    });
  }
}

async function graphAround(
  database: Queryable,
  seq: number,
  roots: readonly string[],
  options: GraphOptions,
): Promise<api.LineageGraph> {
  const { direction = 'both', depth = graphBounds.depth, limit = graphBounds.limit } = options;
  checkRange('depth', depth, 0, graphBounds.depth);
  checkRange('limit', limit, 1, graphBounds.mostLimit);
  const directions: readonly Direction[] = direction === 'both' ? ['upstream', 'downstream'] : [direction];
  const { keys, truncated } = await walk(database, seq, roots.map(keyOf), { directions, depth, limit });
  const nodes = new Map((await findNodes(database, seq, keys)).map((node) => [node.key, node]));
  const edges = await findEdges(database, seq, keys);
  const idOf = (key: string): string => nodes.get(key)!.id;
  return {
    roots: roots.slice(0, limit),
    nodes: keys.map((key) => nodeView(nodes.get(key)!)),
    edges: edges.map(({ from_key, to_key, ...edge }) => ({ from: idOf(from_key), to: idOf(to_key), ...edge })),
    truncated,
    as_of_seq: seq,
  };
}

function checkRange(name: string, value: number, from: number, to: number): void {
  if (!Number.isInteger(value) || value < from || value > to)
    throw new RangeError(`${name}: expected a whole number from ${from} to ${to}, not ${value}`);
}

interface NodeRow {
  readonly key: string;
  readonly id: string;
  readonly recorded: boolean;
  readonly attributes: Attributes;
}

async function findNodes(database: Queryable, seq: number, keys: readonly string[]): Promise<NodeRow[]> {
  const { rows } = await database.query<NodeRow>(
    `select key, id, recorded, attributes from lineage.nodes where key = any ($1::text[]) and ${asOf('$2')}`,
    [keys, seq],
  );
  return rows;
}

/** Registered versions of a model, the newest first. */
async function findVersions(database: Queryable, seq: number, model: string, limit: number): Promise<string[]> {
  const { rows } = await database.query<{ id: string }>(
    `select id from lineage.nodes where model = $1 and ${asOf('$2')} order by registered_seq desc limit $3`,
    [model, seq, limit],
  );
  return rows.map(({ id }) => id);
}

interface EdgeRow {
  readonly from_key: string;
  readonly to_key: string;
  readonly type: api.EdgeType;
  readonly seq: number;
  readonly attributes: Attributes;
}

/** All edges between the nodes. Read from their far ends: few edges end in a node, any number may begin in one. */
async function findEdges(database: Queryable, seq: number, keys: readonly string[]): Promise<EdgeRow[]> {
  const { rows } = await database.query<EdgeRow>(
    `select e.from_key, e.to_key, e.type, e.seq, e.attributes
     from unnest($1::text[]) as node (key)
     join lineage.edges e on e.to_key = node.key
     where e.from_key = any ($1::text[]) and ${asOf('$2', 'e')}
     order by e.seq, e.from_key, e.to_key, e.type`,
    [keys, seq],
  );
  return rows;
}

const nodeView = ({ id, recorded, attributes }: NodeRow): api.LineageNode => ({
  ...{ id, ...partsOf(id), recorded, attributes },
});
