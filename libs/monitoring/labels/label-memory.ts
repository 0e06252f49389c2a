import type { TrafficPosition } from '#libs/contracts/index.js';
import type { FoldTime } from '../conditions.js';
import type { MonitorContext, MonitorOutput } from '../contract.js';
import { isAfter } from './positions.js';

/** Bytes of the labels of a deployment, with the index of each table: of two classes 27,000 predictions. */
const mostLabelBytes = 2_000_000;

/** A version whose labels are kept. */
export interface LabelHolder {
  /** The last row of its oldest window that has ended; null: it has none. */
  readonly oldestEnd: TrafficPosition | null;
  /** Further labels of that window count no more. */
  finishOldest(at: FoldTime, context: MonitorContext): MonitorOutput[];
}

/** What the versions of a deployment keep of labels, together: where there is no room, the oldest window is final. */
export class LabelMemory {
  readonly #holders = new Set<LabelHolder>();
  #bytes = 0;

  /** @param most bytes */
  constructor(private readonly most = mostLabelBytes) {}

  hold(holder: LabelHolder): void {
    this.#holders.add(holder);
  }

  release(holder: LabelHolder): void {
    this.#holders.delete(holder);
  }

  /** @param bytes below 0 for what is given back. */
  take(bytes: number): void {
    this.#bytes += bytes;
  }

  hasRoom(bytes: number): boolean {
    return this.#bytes + bytes <= this.most;
  }

  /** Windows of any version are final before their time, the oldest first, until there is room or none is left. */
  makeRoom(bytes: number, at: FoldTime, context: MonitorContext): MonitorOutput[] {
    const outputs: MonitorOutput[] = [];
    while (!this.hasRoom(bytes)) {
      const oldest = this.#oldest();
      if (oldest === null) break;
      outputs.push(...oldest.finishOldest(at, context));
    }
    return outputs;
  }

  /** No two windows end with one row. */
  #oldest(): LabelHolder | null {
    let oldest: LabelHolder | null = null;
    for (const holder of this.#holders) {
      const end = holder.oldestEnd;
      if (end !== null && (oldest === null || isAfter(oldest.oldestEnd!, end))) oldest = holder;
    }
    return oldest;
  }
}
