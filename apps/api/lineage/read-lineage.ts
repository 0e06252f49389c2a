import { Inject } from '@nestjs/common';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { isVersion, type api } from '#libs/contracts/index.js';
import { acceptedOrThrow } from '#libs/nest/index.js';
import type { ReadAt } from '#libs/projecting/index.js';
import { openLineageEvents, type LineageQueries, type OpenLineageRunEvent } from '#projections/lineage/index.js';
import type { RegistryQueries } from '#projections/registry/index.js';
import type { GraphQuery } from '../catalogue/registry-queries.js';
import { tokens } from '../tokens.js';

/** What a graph begins at: any node, or a model's versions; `version` is `1.2.0` or an alias. */
export type LineageRoot = { readonly node: string } | { readonly model: string; readonly version: string | undefined };

export interface OpenLineage {
  readonly events: readonly OpenLineageRunEvent[];
  readonly truncated: boolean;
  readonly as_of_seq: number;
}

export class ReadLineage extends Query<api.LineageGraph | OpenLineage> {
  constructor(
    readonly root: LineageRoot,
    readonly query: GraphQuery,
  ) {
    super();
  }
}

@QueryHandler(ReadLineage)
export class ReadLineageHandler implements IQueryHandler<ReadLineage> {
  constructor(
    @Inject(tokens.lineage) private readonly lineage: LineageQueries,
    @Inject(tokens.registry) private readonly registry: RegistryQueries,
  ) {}

  async execute({ root, query }: ReadLineage): Promise<api.LineageGraph | OpenLineage> {
    const { direction, depth, limit, format, as_of, min_seq } = query;
    const graph = await this.graph(root, { direction, depth, limit }, { as_of, min_seq });
    if (format === 'json') return graph;
    return { events: openLineageEvents(graph), truncated: graph.truncated, as_of_seq: graph.as_of_seq };
  }

  private async graph(
    root: LineageRoot,
    bounds: Pick<GraphQuery, 'direction' | 'depth' | 'limit'>,
    at: ReadAt,
  ): Promise<api.LineageGraph> {
    if ('node' in root) return acceptedOrThrow(await this.lineage.graph({ roots: [root.node], ...bounds }, at));
    const { model, version: selector } = root;
    if (selector === undefined || isVersion(selector))
      return acceptedOrThrow(await this.lineage.ofModel(model, { version: selector, ...bounds }, at));
    // The lineage knows no aliases: the registry tells which version it was, and both answer of that moment.
    const { version, as_of_seq } = acceptedOrThrow(await this.registry.getVersion(model, selector, at));
    return acceptedOrThrow(await this.lineage.ofModel(model, { version, ...bounds }, { as_of: { seq: as_of_seq } }));
  }
}
