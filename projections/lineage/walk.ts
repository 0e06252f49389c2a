import { asOf, type Queryable } from '#libs/projecting/index.js';

export type Direction = 'upstream' | 'downstream';

export interface WalkBounds {
  readonly directions: readonly Direction[];
  /** Edges from the nearest root, at most. */
  readonly depth: number;
  /** Nodes, at most, roots included. */
  readonly limit: number;
}

export interface Walked {
  /** Roots first, then nearer before farther nodes, upstream before downstream, by key. */
  readonly keys: readonly string[];
  /** More lies beyond the depth or the limit. */
  readonly truncated: boolean;
}

/**
 * Ancestors and descendants of the roots as they stood at `seq`, level by level: `depth` bounds the statements, `limit`
 * what each of them reads of a node's neighbours. Nothing is met twice in a direction, so cycles end.
 * @param roots keys of nodes, each once.
 */
export async function walk(
  database: Queryable,
  seq: number,
  roots: readonly string[],
  { directions, depth, limit }: WalkBounds,
): Promise<Walked> {
  const kept = new Set(roots.slice(0, limit));
  if (roots.length > limit) return { keys: [...kept], truncated: true };
  let fronts: Front[] = directions.map((direction) => ({ direction, seen: new Set(kept), nodes: [...kept] }));
  for (let level = 1; level <= depth && fronts.length > 0; level++) {
    for (const front of fronts) {
      front.nodes = await neighbours(database, seq, front, limit + 1);
      for (const key of front.nodes) {
        if (!kept.has(key) && kept.size === limit) return { keys: [...kept], truncated: true };
        kept.add(key);
        front.seen.add(key);
      }
    }
    fronts = fronts.filter(({ nodes }) => nodes.length > 0);
  }
  for (const front of fronts)
    if ((await neighbours(database, seq, front, 1)).length > 0) return { keys: [...kept], truncated: true };
  return { keys: [...kept], truncated: false };
}

/** The nodes of one level in one direction, and everything met so far in it. */
interface Front {
  readonly direction: Direction;
  readonly seen: Set<string>;
  nodes: string[];
}

const ends = {
  upstream: { near: 'to_key', far: 'from_key' },
  downstream: { near: 'from_key', far: 'to_key' },
} as const;

/** The first `limit` nodes, by key, one edge away from the front and not met yet. */
async function neighbours(database: Queryable, seq: number, front: Front, limit: number): Promise<string[]> {
  const { near, far } = ends[front.direction];
  const { rows } = await database.query<{ key: string }>(
    `select distinct next.key
     from unnest($1::text[]) as front (key)
     cross join lateral (
       select distinct e.${far} as key from lineage.edges e
       where e.${near} = front.key and e.${far} <> all ($2::text[]) and ${asOf('$3', 'e')}
       order by key limit $4
     ) next
     order by next.key limit $4`,
    [front.nodes, [...front.seen], seq, limit],
  );
  return rows.map(({ key }) => key);
}
