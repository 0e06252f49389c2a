import { decodePredictionId, type TrafficPosition } from '#libs/contracts/index.js';
import { DemoFailed } from '../demo-failed.js';

/** The predictions that were asked for: where each is in the log, by its place in the sample. */
export class Asked {
  readonly ids: string[] = [];
  readonly isLate: boolean[] = [];
  readonly #positions: TrafficPosition[] = [];
  labels = 0;
  /** Milliseconds of each request for a batch. */
  readonly batchMs: number[] = [];

  add(id: string, predictedLate: boolean): void {
    const located = decodePredictionId(id);
    if (located === undefined) throw new DemoFailed(`'${id}' is no prediction id`);
    this.ids.push(id);
    this.isLate.push(predictedLate);
    this.#positions.push(located);
  }

  /** Places of those between two positions, both included, in order. */
  between(first: TrafficPosition, last: TrafficPosition): number[] {
    const places: number[] = [];
    for (const [place, at] of this.#positions.entries())
      if (compare(first, at) <= 0 && compare(at, last) <= 0) places.push(place);
    return places;
  }
}

const compare = (a: TrafficPosition, b: TrafficPosition): number => a.seq - b.seq || a.row - b.row;
