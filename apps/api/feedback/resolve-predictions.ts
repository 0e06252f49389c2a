import { Inject, Injectable } from '@nestjs/common';
import { type Chunk, type Signature, type api, labelTypeOf, type LabelType } from '#libs/contracts/index.js';
import { isoTime } from '#libs/kernel/index.js';
import { acceptedOrThrow, ProblemException } from '#libs/nest/index.js';
import type { RegistryQueries } from '#projections/registry/index.js';
import type { LabelQueries } from '#projections/traffic/index.js';
import { tokens } from '../tokens.js';
import { placeOf, type PredictionPlace } from '../why/prediction-place.js';
import { RecordedChunks, type StoredChunk } from '../why/recorded-chunks.js';
import { isAt, outcomeOf, outputsOf } from '../why/recorded-row.js';

/** What a prediction was, as a label carries it. */
export interface ResolvedPrediction {
  readonly deployment: string;
  /** Where its chunk stands in TRAFFIC. */
  readonly traffic_seq: number;
  readonly epoch: string;
  readonly counter: number;
  readonly row: number;
  readonly model: string;
  readonly version: string;
  readonly predicted_at: string;
  /** Null where nothing was answered: the outcome and its code say why. */
  readonly predicted: api.PredictionOutput | null;
  readonly outcome: 'served' | 'failed' | 'refused';
  readonly code: string | null;
  readonly labelType: LabelType;
}

/** Chunks that are read at the same time. */
const parallelReads = 16;

/** Finds the predictions that ids name: each chunk is read once, however many ids name its rows. */
@Injectable()
export class Predictions {
  constructor(
    @Inject(RecordedChunks) private readonly chunks: RecordedChunks,
    @Inject(tokens.labels) private readonly labels: LabelQueries,
    @Inject(tokens.registry) private readonly registry: RegistryQueries,
  ) {}

  /** One for each id, in their order; undefined where nothing is recorded under it. @throws EventLogError */
  async resolve(ids: readonly string[]): Promise<(ResolvedPrediction | undefined)[]> {
    const resolved: (ResolvedPrediction | undefined)[] = ids.map(() => undefined);
    const located = await this.#locate(ids);
    // In the order of the log: the server unpacks a block once for neighbours.
    const groups = [...located].sort(([a], [b]) => a - b);
    let next = 0;
    const work = async (): Promise<void> => {
      for (let group = groups[next++]; group !== undefined; group = groups[next++]) {
        const [seq, asked] = group;
        const found = await this.chunks.at(seq);
        if (found === undefined) continue;
        const reader = await this.#readerOf(found);
        for (const { index, place } of asked) if (isAt(place, found.chunk)) resolved[index] = reader(place.row);
      }
    };
    await Promise.all(Array.from({ length: Math.min(parallelReads, groups.length) }, work));
    return resolved;
  }

  /** Where each id points, by sequence in TRAFFIC. Ids answered before their chunk was stored go through the read model. */
  async #locate(ids: readonly string[]): Promise<Map<number, Asked[]>> {
    const bySeq = new Map<number, Asked[]>();
    const byIdentity = new Map<string, { epoch: string; counter: number; asked: Asked[] }>();
    for (const [index, id] of ids.entries()) {
      const place = placeOf(id);
      if (place === undefined) continue;
      if (place.by === 'sequence') push(bySeq, place.seq, { index, place });
      else {
        const { epoch, counter } = place;
        const key = `${counter} ${epoch}`;
        const entry = byIdentity.get(key) ?? { epoch, counter, asked: [] };
        entry.asked.push({ index, place });
        byIdentity.set(key, entry);
      }
    }
    if (byIdentity.size === 0) return bySeq;
    const stored = acceptedOrThrow(await this.labels.sequencesOf([...byIdentity.values()]));
    for (const { epoch, counter, traffic_seq } of stored)
      for (const each of byIdentity.get(`${counter} ${epoch}`)!.asked) push(bySeq, traffic_seq, each);
    return bySeq;
  }

  async #readerOf({ chunk, seq }: StoredChunk): Promise<(row: number) => ResolvedPrediction | undefined> {
    const { deployment, epoch, arms } = chunk.schema;
    const outputs = await Promise.all(
      arms.map(async ({ model, version }) => outputsOf(chunk, await this.#signatureOf(chunk, model, version))),
    );
    const labelType = labelTypeOf(chunk.schema);
    return (row) => {
      const arm = arms[chunk.arm[row]!];
      if (arm === undefined) return undefined;
      const { model, version } = arm;
      const outcome = outcomeOf(chunk, row);
      return {
        ...{ deployment, traffic_seq: seq, epoch, counter: chunk.counter, row, model, version, labelType, outcome },
        predicted_at: isoTime(chunk.beganAt + chunk.beganOffsetUs[row]! / 1000),
        predicted: outcome === 'served' ? outputs[chunk.arm[row]!]!(row) : null,
        code: outcome === 'served' ? null : (chunk.codes[row - chunk.served] ?? null),
      };
    };
  }

  /** Only the nesting of a plain output's values is not in the chunk itself. */
  async #signatureOf({ schema }: Chunk, model: string, version: string): Promise<Signature | undefined> {
    if (!schema.outputs.some(({ role, width }) => role === 'value' && width > 1)) return undefined;
    const found = await this.registry.getVersion(model, version, { as_of: { seq: schema.routing_seq } });
    if (found.ok) return found.value.signature;
    if (found.rejection.code === 'version_not_found' || found.rejection.code === 'model_not_found') return undefined;
    throw new ProblemException(found.rejection);
  }
}

interface Asked {
  /** Of the id in the request. */
  readonly index: number;
  readonly place: PredictionPlace;
}

function push<Key>(map: Map<Key, Asked[]>, key: Key, asked: Asked): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [asked]);
  else known.push(asked);
}
