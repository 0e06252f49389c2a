import type {
  Chunk,
  ChunkSchema,
  ClosedBy,
  LabelRow,
  Reference,
  TrafficPosition,
  WindowClosed,
} from '#libs/contracts/index.js';
import type { RowSelection } from '#libs/statistics/index.js';
import { Conditions, type ConditionsState, type FoldTime, type WatchedPlace } from './conditions.js';
import type { MonitorContext, MonitorOutput, ReferenceSet } from './contract.js';
import { BoundConditions, type ToldBounds } from './labels/bounds.js';
import type { LabelMemory } from './labels/label-memory.js';
import { VersionPerformance, type VersionPerformanceState } from './labels/version-performance.js';
import { cut, roomOf, told } from './quality/told.js';
import { referenceOfWindow, type WindowReference } from './reference.js';
import { countOf, rowAt, sliceOf } from './rows/version-rows.js';
import { seedOf } from './seeds.js';
import { estimatedRows } from './windows/estimated-rows.js';
import { judgeWindow, noHistory, type WindowHistory } from './windows/judge-window.js';
import { Layout } from './windows/layout.js';
import { OpenWindow, type OpenWindowState, type WithoutReference } from './windows/open-window.js';

export interface VersionWatchState {
  readonly place: WatchedPlace;
  /** Windows that have ended. */
  readonly ended: number;
  readonly open: OpenWindowState | null;
  readonly history: WindowHistory;
  readonly conditions: ConditionsState;
  readonly bounds: ToldBounds;
  readonly windowReference: WindowReference | null;
  readonly performance: VersionPerformanceState;
}

/** A stored window that what EVENTS say now does not fit: the log is to be replayed from the deployment's beginning. */
export class MonitorStateUnfit extends Error {
  constructor({ deployment, model, version }: WatchedPlace, detail: string, cause?: unknown) {
    super(`the stored monitor of '${deployment}' does not fit ${model}@${version}: ${detail}`, { cause });
    this.name = 'MonitorStateUnfit';
  }
}

const mostNotes = 20;
const longestNote = 500;

/** What a version of a deployment does: its windows, one after another, and its labels. */
export class VersionWatch {
  readonly #conditions: Conditions;
  readonly #bounds: BoundConditions;
  /** Of all its windows, also when their labels are waited for no more: it knows which of its findings hold. */
  readonly #performance: VersionPerformance;
  #ended = 0;
  #open: OpenWindow | null = null;
  /** As it was stored, until it is told what EVENTS say. */
  #stored: OpenWindowState | null = null;
  #layout: Layout | null = null;
  #history: WindowHistory = noHistory;
  #windowReference: WindowReference | null = null;

  constructor(
    readonly place: WatchedPlace,
    private readonly surroundings: Surroundings,
    state?: VersionWatchState,
  ) {
    this.#conditions = new Conditions(place, state?.conditions);
    this.#bounds = new BoundConditions(place, this.#conditions, state?.bounds);
    this.#performance = new VersionPerformance(place, surroundings.labels, state?.performance);
    if (state === undefined) return;
    this.#ended = state.ended;
    this.#stored = state.open;
    this.#history = state.history;
    this.#windowReference = state.windowReference;
  }

  /** When the open window began, by the log's time; null: none is open. */
  get beganAt(): number | null {
    return (this.#open?.span ?? this.#stored?.span)?.from ?? null;
  }

  /** Labels of some window still count. */
  get waits(): boolean {
    return this.#performance.waits;
  }

  /** What was stored becomes a window again. @throws MonitorStateUnfit where that cannot be. */
  resume(context: MonitorContext): void {
    const stored = this.#stored;
    if (stored === null) return;
    const reference = stored.reference === null ? null : this.#referenceNamed(stored.reference, context);
    try {
      const columns = { features: stored.features.columns, outputs: stored.outputs.columns, tooWide: stored.tooWide };
      this.#layout = Layout.ofColumns(columns, reference);
      this.#open = OpenWindow.restore(this.#layout, stored);
    } catch (error) {
      if (error instanceof RangeError) throw new MonitorStateUnfit(this.place, error.message, error);
      throw error;
    }
    this.#stored = null;
  }

  /** @param rows of the chunk, ascending */
  add(chunk: Chunk, rows: RowSelection, at: FoldTime, context: MonitorContext): MonitorOutput[] {
    const outputs: MonitorOutput[] = [];
    const size = context.settings.drift_detection.window_size ?? Infinity;
    for (let taken = 0, all = countOf(rows); taken < all;) {
      this.#open ??= this.#begin(chunk, { seq: at.seq, row: rowAt(rows, taken) }, at, context);
      const until = Math.min(all, taken + Math.max(size - this.#open.rows, 1));
      this.#open.add(chunk, sliceOf(rows, taken, until), at);
      taken = until;
      if (this.#open.rows >= size) outputs.push(...this.end('count', at, context));
    }
    return outputs;
  }

  label(
    row: LabelRow,
    place: TrafficPosition,
    eventId: string,
    index: number,
    at: FoldTime,
    context: MonitorContext,
  ): MonitorOutput[] {
    return this.#performance.label({ row, place, eventId, index }, at, context);
  }

  /** The open window ends, if there is one. */
  end(closedBy: ClosedBy, at: FoldTime, context: MonitorContext): MonitorOutput[] {
    const window = this.#open;
    const performance = this.#performance;
    if (window === null) return [];
    this.#open = null;
    this.#ended = window.span.number;
    const [conditions, bounds] = [this.#conditions, this.#bounds];
    const judged = judgeWindow(this.place, window, closedBy, this.#history, conditions, bounds, at, context);
    this.#history = judged.history;
    const { number, first, last, served } = window.span;
    const answers = context.settings.performance.estimate ? estimatedRows(window.outputs) : null;
    const estimate =
      answers === null
        ? { estimated: null, outputs: [] }
        : performance.estimateOf({ number, first, last, rows: served, ...answers }, at, context);
    const extras = this.surroundings.extrasOf(this.place);
    const record: WindowClosed = {
      ...judged.record,
      estimated: estimate.estimated,
      notes: [...judged.record.notes, ...performance.notes(context), ...extras.notes]
        .map((note) => cut(note, longestNote))
        .slice(0, mostNotes),
      open: told([...conditions.open(), ...performance.openConditions(), ...extras.open], roomOf.open, () => 0),
    };
    this.#keepReference(window, context);
    return [
      ...judged.findings,
      ...estimate.outputs,
      { kind: 'record', record: { type: 'WindowClosed', data: record } },
      ...performance.closeWindow({ number, first, last, served }, estimate.estimated?.metrics ?? {}, at, context),
    ];
  }

  /** Its labels are waited for no longer. */
  finish(at: FoldTime, context: MonitorContext): MonitorOutput[] {
    return this.#performance.finish(at, context);
  }

  /**
   * What has to be remembered of a version that has left, should it come back: its windows' numbers, what was found of it and
   * what is spent of error rates. Its labels must be waited for no more.
   */
  rest(): VersionWatchState {
    return {
      ...this.state(),
      history: { rates: [], drift: this.#history.drift },
      windowReference: null,
      performance: this.#performance.rest(),
    };
  }

  state(): VersionWatchState {
    return {
      place: this.place,
      ended: this.#ended,
      open: this.#open?.state() ?? this.#stored,
      history: this.#history,
      conditions: this.#conditions.state(),
      bounds: this.#bounds.state(),
      windowReference: this.#windowReference,
      performance: this.#performance.state(),
    };
  }

  #begin({ schema }: Chunk, first: TrafficPosition, at: FoldTime, context: MonitorContext): OpenWindow {
    const { set, without } = this.#referenceFor(context);
    if (!this.#layout?.fits(schema, set)) this.#layout = Layout.ofChunks(schema, set);
    return OpenWindow.begin(
      this.place,
      this.#ended + 1,
      { layout: this.#layout, withoutReference: without, sharers: this.#sharers(schema) },
      first,
      at,
    );
  }

  /** Windows that are open beside each other: those that are, or those of the versions that take part in traffic. */
  #sharers({ arms }: ChunkSchema): number {
    const versions = new Set(arms.map(({ model, version }) => `${model}@${version}`));
    return Math.max(this.surroundings.openWindows() + 1, versions.size);
  }

  /** What a window that begins now is compared with. */
  #referenceFor(context: MonitorContext): { set: ReferenceSet | null; without: WithoutReference | null } {
    const { reference } = context.settings.drift_detection;
    if (reference === 'training') {
      const watched = context.versionOf(this.place.model, this.place.version);
      if (watched === undefined) return missing('the version is not registered', true);
      return 'missing' in watched.reference
        ? missing(watched.reference.missing, true)
        : { set: watched.reference, without: null };
    }
    const own = this.#windowReference;
    if (own?.reference.kind === 'window' && own.reference.number === reference.window)
      return { set: own, without: null };
    return this.#ended < reference.window
      ? missing(`window ${reference.window} of the version is to be the reference and has not ended`, false)
      : missing(`window ${reference.window} had ended before it was asked for as the reference`, true);
  }

  /** What a stored window is compared with. */
  #referenceNamed(reference: Reference, context: MonitorContext): ReferenceSet | null {
    if (reference.kind === 'window') return this.#windowReference;
    const watched = context.versionOf(this.place.model, this.place.version);
    const found = watched?.reference ?? { missing: 'the version is not registered' };
    if ('missing' in found) throw new MonitorStateUnfit(this.place, found.missing);
    if (JSON.stringify(found.reference) !== JSON.stringify(reference))
      throw new MonitorStateUnfit(this.place, 'its window was begun with another baseline');
    return found;
  }

  #keepReference({ span: { number }, features, outputs }: OpenWindow, { settings }: MonitorContext): void {
    const { reference, multivariate } = settings.drift_detection;
    if (reference === 'training' || reference.window !== number) return;
    const seed = seedOf('reference', this.place.deployment, `${this.place.model}@${this.place.version}`, number);
    this.#windowReference = referenceOfWindow(number, features, outputs, seed, multivariate !== 'none');
  }
}

/** The deployment around a version. */
export interface Surroundings {
  readonly labels: LabelMemory;
  /** Windows that are open now, of all versions. */
  openWindows(): number;
  /** What it adds to the record of a window that ends now. */
  extrasOf(place: WatchedPlace): WindowExtras;
}

export interface WindowExtras {
  readonly notes: readonly string[];
  readonly open: readonly string[];
}

const missing = (why: string, wanting: boolean): { set: null; without: WithoutReference } => ({
  set: null,
  without: { why, wanting },
});
