import type { MeasuredMetric, TrafficPosition } from '#libs/contracts/index.js';
import type { FoldTime } from '../conditions.js';
import type { LabelMemory } from './label-memory.js';
import { isAfter } from './positions.js';
import { bytesPerRow, LabelTable, type LabelTableState } from './label-table.js';

/** A window that has ended. */
export interface WindowSpan {
  readonly number: number;
  readonly first: TrafficPosition;
  readonly last: TrafficPosition;
  /** Rows that have an answer. */
  readonly served: number;
}

/** A window whose labels still count. */
export interface LabelledWindow {
  table: LabelTable;
  /** Labels of another type than the version answers. */
  mismatched: number;
  /** Since its labels were told last. */
  changed: boolean;
  judged: boolean;
  /** The newest message that counted. */
  newest: FoldTime | null;
}

export interface EndedWindow extends LabelledWindow {
  readonly span: WindowSpan;
  /** What was estimated of it without labels, by metric. */
  readonly estimated: EstimatedMetrics;
}

export type EstimatedMetrics = Readonly<Record<string, MeasuredMetric>>;

type StoredWindow = Omit<LabelledWindow, 'table'> & { readonly table: LabelTableState };

export interface LabelHorizonState {
  readonly width: number;
  readonly open: StoredWindow | null;
  readonly ended: readonly (StoredWindow & Pick<EndedWindow, 'span' | 'estimated'>)[];
  /** The last row of the newest window that has ended. */
  readonly behind: TrafficPosition | null;
}

/** The windows of a version whose labels still count, and the one that is open. */
export class LabelHorizon {
  /** Probabilities kept of a row. */
  #width: number;
  #open: LabelledWindow;
  #ended: EndedWindow[];
  #behind: TrafficPosition | null;

  constructor(
    private readonly memory: LabelMemory,
    state?: LabelHorizonState,
  ) {
    this.#width = state?.width ?? 0;
    this.#open = state?.open ? restored(state.open) : newWindow(this.#width);
    this.#ended =
      state?.ended.map((window) => ({ ...restored(window), span: window.span, estimated: window.estimated })) ?? [];
    this.#behind = state?.behind ?? null;
    for (const { table } of [...this.#ended, this.#open]) memory.take(bytesOf(table));
  }

  /** Windows that have ended, the oldest first. */
  get ended(): readonly EndedWindow[] {
    return this.#ended;
  }

  /** Labelled predictions of the window that is open. */
  get openLabels(): number {
    return this.#open.table.size;
  }

  /** Of one more prediction. */
  get rowBytes(): number {
    return bytesPerRow(this.#width);
  }

  /** One more prediction has a label. */
  counted({ table }: LabelledWindow): void {
    this.memory.take(bytesPerRow(table.width));
  }

  /** Once it is known how many probabilities a row has; labels are put in after that. */
  keepProbabilities(width: number): void {
    if (width === this.#width) return;
    this.#width = width;
    for (const window of [...this.#ended, this.#open])
      if (window.table.size === 0) window.table = new LabelTable(width);
  }

  /** The window that a prediction is in. `late`: its labels count no more; `unknown`: it is in none. */
  windowOf(place: TrafficPosition): LabelledWindow | EndedWindow | 'late' | 'unknown' {
    if (this.#behind === null || isAfter(place, this.#behind)) return this.#open;
    const [oldest] = this.#ended;
    if (oldest === undefined || isAfter(oldest.span.first, place)) return 'late';
    for (let at = this.#ended.length - 1; at >= 0; at--) {
      const window = this.#ended[at]!;
      if (isAfter(window.span.first, place)) continue;
      return isAfter(place, window.span.last) ? 'unknown' : window;
    }
    return 'unknown';
  }

  /**
   * The open window has ended. Which rows it would have was not known before.
   * @param estimated of it, without labels.
   * @returns it, and how many labels were of no row of it.
   */
  end(span: WindowSpan, estimated: EstimatedMetrics): { readonly window: EndedWindow; readonly unknown: number } {
    const window = { ...this.#open, span, estimated };
    const before = window.table.size;
    // Rows that a window does not have are known by their number alone: it has no more labels than answers.
    window.table.keep(span.first, span.last, span.served);
    this.memory.take((window.table.size - before) * bytesPerRow(window.table.width));
    if (window.table.size === 0 && window.mismatched === 0) [window.changed, window.newest] = [false, null];
    this.#ended.push(window);
    this.#open = newWindow(this.#width);
    this.#behind = span.last;
    return { window, unknown: before - window.table.size };
  }

  /** Further labels of the oldest window that has ended count no more. */
  dropOldest(): void {
    const window = this.#ended.shift();
    if (window !== undefined) this.memory.take(-bytesOf(window.table));
  }

  state(): LabelHorizonState {
    return {
      width: this.#width,
      open: this.#open.table.size === 0 && this.#open.mismatched === 0 ? null : stored(this.#open),
      ended: this.#ended.map((window) => ({ ...stored(window), span: window.span, estimated: window.estimated })),
      behind: this.#behind,
    };
  }
}

export const isEnded = (window: LabelledWindow | EndedWindow): window is EndedWindow => 'span' in window;

const bytesOf = ({ size, width }: LabelTable): number => size * bytesPerRow(width);

const newWindow = (width: number): LabelledWindow => ({
  table: new LabelTable(width),
  ...{ mismatched: 0, changed: false, judged: false, newest: null },
});

const restored = ({ table, mismatched, changed, judged, newest }: StoredWindow): LabelledWindow => ({
  table: LabelTable.restore(table),
  ...{ mismatched, changed, judged, newest },
});

const stored = ({ table, mismatched, changed, judged, newest }: LabelledWindow): StoredWindow => ({
  table: table.state(),
  ...{ mismatched, changed, judged, newest },
});
