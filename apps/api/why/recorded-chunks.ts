import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { decodeChunk, header, predictionsRecorded, type Chunk } from '#libs/contracts/index.js';
import type { StreamStore } from '#libs/event-log/index.js';
import { tokens } from '../tokens.js';

/** A chunk of predictions where it is stored. */
export interface StoredChunk {
  readonly chunk: Chunk;
  readonly seq: number;
  /** Server time, milliseconds since the epoch. */
  readonly time: number;
}

/** Of stored chunks: what their decoded columns take is about their bytes. */
const keptBytes = 32 * 1024 * 1024;

/** Chunks of predictions, read by their sequence in TRAFFIC. What is stored never changes: those read last are kept. */
@Injectable()
export class RecordedChunks {
  readonly #kept = new LRUCache<number, StoredChunk>({ maxSize: keptBytes });
  readonly #underWay = new Map<number, Promise<StoredChunk | undefined>>();

  constructor(@Inject(tokens.traffic) private readonly traffic: StreamStore) {}

  /**
   * One direct get; a miss is read again through the leader before it is called unknown. Undefined where there is no
   * message, or one that is not of predictions.
   * @throws EventLogError; ChunkMalformed for bytes that are no chunk
   */
  async at(seq: number): Promise<StoredChunk | undefined> {
    const kept = this.#kept.get(seq);
    if (kept !== undefined) return kept;
    let reading = this.#underWay.get(seq);
    if (reading === undefined) {
      reading = this.#read(seq).finally(() => this.#underWay.delete(seq));
      this.#underWay.set(seq, reading);
    }
    return reading;
  }

  async #read(seq: number): Promise<StoredChunk | undefined> {
    const message = (await this.traffic.get(seq, 'replica')) ?? (await this.traffic.get(seq, 'leader'));
    if (message?.headers.get(header.type) !== predictionsRecorded.type) return undefined;
    const stored = { chunk: decodeChunk(message.data), seq, time: message.time };
    this.#kept.set(seq, stored, { size: message.data.length });
    return stored;
  }
}
