import type { Rejection } from '#libs/contracts/index.js';
import { accept, type Result } from '#libs/kernel/index.js';
import type { ReadAt } from '#libs/projecting/index.js';
import { trafficCut, type TrafficReaders } from './cut.js';

/** A chunk of predictions by its writer's life and counter. */
export interface ChunkIdentity {
  readonly epoch: string;
  readonly counter: number;
}

/** A message with labels of a prediction. */
export interface LabelPlace {
  readonly traffic_seq: number;
  readonly event_id: string;
}

/** A message of labels, and the request it was made for. */
export interface LabelMessage extends LabelPlace {
  readonly command_digest: string;
}

/** Reads of recorded labels. Every method may also refuse as `ProjectionReader.read` does. */
export class LabelQueries {
  constructor(private readonly readers: TrafficReaders) {}

  /** Messages with labels of a prediction up to a moment: at most `limit`, those first that count most. */
  ofPrediction(
    { epoch, counter, row }: ChunkIdentity & { readonly row: number },
    at: ReadAt,
    limit: number,
  ): Promise<Result<readonly LabelPlace[], Rejection>> {
    return this.readers.events.read(at, async (_database, eventsSeq) => {
      const cut = await trafficCut(this.readers, at, eventsSeq);
      if (!cut.ok) return cut;
      return this.readers.traffic.whileAvailable(async (database) => {
        // A message that was stored twice is read once.
        const { rows } = await database.query<LabelPlace>(
          `select min(traffic_seq) as traffic_seq, event_id from traffic.labelled_chunks
           where epoch = $1 and counter = $2 and rows ? $3 and traffic_seq <= $4
           group by event_id order by max((rows ->> $3)::bigint) desc, event_id desc limit $5`,
          [epoch, counter, String(row), cut.value, limit],
        );
        return accept(rows);
      });
    });
  }

  /**
   * Messages that a request has left, in order; one that was stored twice is told once.
   * @param throughSeq of TRAFFIC: waits until everything up to there is folded, else `not_caught_up`
   */
  ofCommand(commandId: string, throughSeq: number): Promise<Result<readonly LabelMessage[], Rejection>> {
    return this.readers.traffic.read({ min_seq: throughSeq }, async (database) => {
      const { rows } = await database.query<LabelMessage>(
        `select min(traffic_seq) as traffic_seq, event_id, command_digest from traffic.label_messages
         where command_id = $1 group by event_id, command_digest order by traffic_seq`,
        [commandId],
      );
      return accept(rows);
    });
  }

  /** Where chunks are stored; those that are not folded yet, or never were, are left out. */
  sequencesOf(
    chunks: readonly ChunkIdentity[],
  ): Promise<Result<readonly (ChunkIdentity & { readonly traffic_seq: number })[], Rejection>> {
    return this.readers.traffic.read({}, async (database) => {
      const { rows } = await database.query<ChunkIdentity & { traffic_seq: number }>(
        `select epoch, counter, traffic_seq from traffic.chunks
         join unnest($1::text[], $2::bigint[]) as asked (epoch, counter) using (epoch, counter)`,
        [chunks.map(({ epoch }) => epoch), chunks.map(({ counter }) => counter)],
      );
      return accept(rows);
    });
  }
}
