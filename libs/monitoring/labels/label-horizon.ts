import type { TrafficPosition } from '#libs/contracts/index.js';
import type { FoldTime } from '../conditions.js';
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
}

type StoredWindow = Omit<LabelledWindow, 'table'> & { readonly table: LabelTableState };

export interface LabelHorizonState {
  readonly width: number;
  readonly open: StoredWindow | null;
  readonly ended: readonly (StoredWindow & { readonly span: WindowSpan })[];
  /** The last row of the newest window that has ended. */
  readonly behind: TrafficPosition | null;
}

const mostRows = 40_000;
const mostBytes = 1_250_000;

/** The windows of a version whose labels still count, and the one that is open. */
export class LabelHorizon {
  /** Probabilities kept of a row. */
  #width: number;
  #open: LabelledWindow;
  #ended: EndedWindow[];
  #behind: TrafficPosition | null;

  constructor(state?: LabelHorizonState) {
    this.#width = state?.width ?? 0;
    this.#open = state?.open ? restored(state.open) : newWindow(this.#width);
    this.#ended = state?.ended.map((window) => ({ ...restored(window), span: window.span })) ?? [];
    this.#behind = state?.behind ?? null;
  }

  /** Windows that have ended, the oldest first. */
  get ended(): readonly EndedWindow[] {
    return this.#ended;
  }

  /** Labelled predictions of the window that is open. */
  get openLabels(): number {
    return this.#open.table.size;
  }

  /** Room for one more prediction. */
  get hasRoom(): boolean {
    const most = Math.min(mostRows, Math.floor(mostBytes / bytesPerRow(this.#width)));
    return this.#ended.reduce((sum, { table }) => sum + table.size, this.#open.table.size) < most;
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
   * @returns it, and how many labels were of no row of it.
   */
  end(span: WindowSpan): { readonly window: EndedWindow; readonly unknown: number } {
    const window = { ...this.#open, span };
    const before = window.table.size;
    window.table.keep(span.first, span.last);
    if (window.table.size === 0 && window.mismatched === 0) [window.changed, window.newest] = [false, null];
    this.#ended.push(window);
    this.#open = newWindow(this.#width);
    this.#behind = span.last;
    return { window, unknown: before - window.table.size };
  }

  /** Further labels of the oldest window that has ended count no more. */
  dropOldest(): void {
    this.#ended.shift();
  }

  state(): LabelHorizonState {
    return {
      width: this.#width,
      open: this.#open.table.size === 0 && this.#open.mismatched === 0 ? null : stored(this.#open),
      ended: this.#ended.map((window) => ({ ...stored(window), span: window.span })),
      behind: this.#behind,
    };
  }
}

export const isEnded = (window: LabelledWindow | EndedWindow): window is EndedWindow => 'span' in window;

const isAfter = (one: TrafficPosition, other: TrafficPosition): boolean =>
  one.seq > other.seq || (one.seq === other.seq && one.row > other.row);

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
