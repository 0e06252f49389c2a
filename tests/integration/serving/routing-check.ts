/** The check from the log that routing had no gap (EVENT_LOG.md, "Routing without a gap"). */
import type { Chunk, GovernanceEvent } from '#libs/contracts/index.js';
import type { LogRecord } from '#libs/event-log/index.js';
import { emptyRoutingTable, foldRouting } from '#apps/serving/routing/routing-table.js';

export interface RowsByRouting {
  readonly deployment: string;
  readonly routingSeq: number;
  readonly rolloutId: string;
}

/**
 * Rows of versions that were not live in the table of their own `routing_seq`: there must be none.
 * @param records EVENTS, from the beginning
 */
export function misroutedRows(
  records: readonly LogRecord<GovernanceEvent>[],
  chunks: readonly { readonly chunk: Chunk }[],
): RowsByRouting[] {
  const live = liveAt(records);
  return chunks.flatMap(({ chunk: { schema, arm } }) =>
    [...new Set(arm)]
      .map((index) => ({
        deployment: schema.deployment,
        routingSeq: schema.routing_seq,
        rolloutId: schema.arms[index]?.rollout_id ?? '',
      }))
      .filter(({ deployment, routingSeq, rolloutId }) => live(deployment, routingSeq) !== rolloutId),
  );
}

function liveAt(records: readonly LogRecord<GovernanceEvent>[]) {
  let table = emptyRoutingTable;
  const tables = records.map((record) => (table = foldRouting(table, [record])));
  return (deployment: string, seq: number): string | undefined =>
    tables.findLast(({ sequence }) => sequence <= seq)?.deployments.get(deployment)?.live?.rolloutId;
}
