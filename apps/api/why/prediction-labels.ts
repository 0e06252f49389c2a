import { Inject, Injectable } from '@nestjs/common';
import { decodeLabelsOf, header, labelsRecorded, type api } from '#libs/contracts/index.js';
import type { StreamStore } from '#libs/event-log/index.js';
import { isoTime } from '#libs/kernel/index.js';
import { acceptedOrThrow } from '#libs/nest/index.js';
import type { ReadAt } from '#libs/projecting/index.js';
import type { ChunkIdentity, LabelPlace, LabelQueries } from '#projections/traffic/index.js';
import { tokens } from '../tokens.js';

/** A prediction by its identity: its writer's life, the chunk's counter and its row there. */
export type PredictionIdentity = ChunkIdentity & { readonly row: number };

const mostLabels = 100;
/** Messages of up to 1 MiB that are in memory at the same time; between them others have the event loop. */
const parallelReads = 4;

/** What was observed of a prediction, read from the messages of labels themselves. */
@Injectable()
export class PredictionLabels {
  constructor(
    @Inject(tokens.traffic) private readonly traffic: Pick<StreamStore, 'get'>,
    @Inject(tokens.labels) private readonly queries: Pick<LabelQueries, 'ofPrediction'>,
  ) {}

  /** At most 100, the one that counts first. A moment is of EVENTS, and cuts TRAFFIC by the log's time there. */
  async of(identity: PredictionIdentity, at: ReadAt): Promise<api.Why['labels']> {
    const places = acceptedOrThrow(await this.queries.ofPrediction(identity, at, mostLabels));
    const found: Observed[] = [];
    let next = 0;
    const work = async (): Promise<void> => {
      for (let place = places[next++]; place !== undefined; place = places[next++])
        found.push(...(await this.#read(place, identity)));
    };
    await Promise.all(Array.from({ length: Math.min(parallelReads, places.length) }, work));
    return found
      .sort(countingFirst)
      .slice(0, mostLabels)
      .map(({ row: _row, ...label }, index) => ({ ...label, counts: index === 0 }));
  }

  async #read({ traffic_seq }: LabelPlace, identity: PredictionIdentity): Promise<Observed[]> {
    const message = (await this.traffic.get(traffic_seq, 'replica')) ?? (await this.traffic.get(traffic_seq, 'leader'));
    if (message?.headers.get(header.type) !== labelsRecorded.type)
      throw new Error(`message ${traffic_seq} of TRAFFIC is folded as labels and holds none`);
    const event_id = message.headers.get(header.id) ?? '';
    const recorded_at = isoTime(message.time);
    return decodeLabelsOf(message.data, identity).map(({ index, label: { label, observed_at } }) => ({
      ...{ label, observed_at, recorded_at },
      ...{ event_id, row: index },
    }));
  }
}

interface Observed {
  readonly label: string | number | boolean;
  readonly observed_at: string;
  readonly recorded_at: string;
  readonly event_id: string;
  /** Of the message of labels. */
  readonly row: number;
}

/** The newest is the largest (`observed_at`, event id, row), whatever the order of arrival (EVENT_LOG.md, rule 11). */
function countingFirst(a: Observed, b: Observed): number {
  const later = Date.parse(b.observed_at) - Date.parse(a.observed_at);
  if (later !== 0) return later;
  if (a.event_id !== b.event_id) return a.event_id < b.event_id ? 1 : -1;
  return b.row - a.row;
}
