import { Inject } from '@nestjs/common';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { api } from '#libs/contracts/index.js';
import { acceptedOrThrow } from '#libs/nest/index.js';
import type { DeploymentQueries } from '#projections/deployments/index.js';
import type { OperationQueries } from '#projections/traffic/index.js';
import type { WindowQueries } from '#projections/windows/index.js';
import { tokens } from '../tokens.js';
import { instantOf } from './instant.js';

export class ReadMetrics extends Query<api.MetricsAnswer> {
  constructor(readonly asked: api.MetricsQuery) {
    super();
  }
}

const defaultWindowS = 60;

/** Windows of the monitor that one answer tells: of one version, and of all. */
const mostWindows = 1_000;
const mostWindowsInAll = 20_000;

@QueryHandler(ReadMetrics)
export class ReadMetricsHandler implements IQueryHandler<ReadMetrics> {
  constructor(
    @Inject(tokens.deployments) private readonly deployments: DeploymentQueries,
    @Inject(tokens.versionOperations) private readonly operations: OperationQueries,
    @Inject(tokens.windows) private readonly windows: WindowQueries,
  ) {}

  async execute({ asked }: ReadMetrics): Promise<api.MetricsAnswer> {
    const { deployment, version, from: fromText, to: toText, window_s: windowS = defaultWindowS, ...at } = asked;
    // Without traffic a known deployment has no items; an unknown one is refused.
    if (deployment !== undefined) acceptedOrThrow(await this.deployments.getDeployment(deployment, at));
    const [from, to] = [instantOf(fromText), instantOf(toText)];
    const found = acceptedOrThrow(await this.operations.versions({ deployment, version, from, to, windowS }, at));
    const { versions, cut } = acceptedOrThrow(
      await this.windows.performance(
        { versions: found.items, ...spanOf(found, to), most: mostOf(found) },
        at,
        found.as_of_seq,
      ),
    );
    return {
      ...found,
      items: found.items.map((item, index) => {
        const { windows, leftOut } = versions[index]!;
        return { ...item, performance: [...windows], performance_left_out: leftOut };
      }),
      as_of_cut: { ...found.as_of_cut, windows: cut },
    };
  }
}

/** As the rows were told; without an end, up to the moment of the read. */
function spanOf({ items }: api.OperationsAnswer, to: number | undefined): { from: number; to: number | undefined } {
  const told = items[0]?.total;
  if (told === undefined) return { from: 0, to };
  return { from: Date.parse(told.from), to: to && Math.max(to, Date.parse(told.to)) };
}

const mostOf = ({ items }: api.OperationsAnswer): number =>
  Math.max(1, Math.min(mostWindows, Math.floor(mostWindowsInAll / Math.max(1, items.length))));
