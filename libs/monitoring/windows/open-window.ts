import type { Chunk, Reference, TrafficPosition } from '#libs/contracts/index.js';
import type { RowSelection } from '#libs/statistics/index.js';
import type { FoldTime, WatchedPlace } from '../conditions.js';
import { refusedColumns } from '../rows/refused-columns.js';
import { SampledRows, type SampledRowsState } from '../rows/sampled-rows.js';
import { countBefore, countOf, rowAt, sliceOf } from '../rows/version-rows.js';
import { seedOf } from '../seeds.js';
import { Latencies, type LatenciesState } from './latencies.js';
import type { Layout } from './layout.js';

/** What is known of a window without its rows. */
export interface WindowSpan {
  readonly number: number;
  readonly first: TrafficPosition;
  last: TrafficPosition;
  /** The log's time of the first and the last row, milliseconds. */
  readonly from: number;
  to: number;
  served: number;
  failed: number;
  refused: number;
}

/** Why a window has nothing to be compared with. */
export interface WithoutReference {
  readonly why: string;
  /** It is to have one. */
  readonly wanting: boolean;
}

export interface OpenWindowState {
  readonly span: WindowSpan;
  readonly reference: Reference | null;
  readonly withoutReference: WithoutReference | null;
  readonly tooWide: readonly string[];
  readonly features: SampledRowsState;
  readonly outputs: SampledRowsState;
  readonly latencies: LatenciesState;
  readonly refusedBy: readonly (readonly [column: string, rows: number])[];
}

/** Room for the sampled values of a deployment's windows: 5,000 rows of up to thirty columns, fewer of more, or of several versions. */
const sampleBytes = 1_350_000;
const [fewestSampled, mostSampled] = [100, 5000];

/** The rows of a version since its last window ended. */
export class OpenWindow {
  private constructor(
    readonly layout: Layout,
    /** Null: it has one. */
    readonly withoutReference: WithoutReference | null,
    readonly span: WindowSpan,
    /** Rows that reached the model. */
    readonly features: SampledRows,
    /** Rows that were answered. */
    readonly outputs: SampledRows,
    readonly latencies: Latencies,
    /** Refused rows by the feature that they were refused because of; '' where that is none of the version's. */
    readonly refusedBy: Map<string, number>,
  ) {}

  static begin(
    place: WatchedPlace,
    number: number,
    {
      layout,
      withoutReference,
      sharers,
    }: Pick<OpenWindow, 'layout' | 'withoutReference'> & { readonly sharers: number },
    first: TrafficPosition,
    at: FoldTime,
  ): OpenWindow {
    const seedFor = (what: string): number =>
      seedOf('rows', what, place.deployment, `${place.model}@${place.version}`, number);
    const columns = layout.features.columns.length + layout.outputs.columns.length;
    const fitting = Math.floor(sampleBytes / (8 * Math.max(columns, 1) * sharers));
    const capacity = Math.min(Math.max(fitting, fewestSampled), mostSampled);
    return new OpenWindow(
      layout,
      withoutReference,
      { number, first, last: first, from: at.logTime, to: at.logTime, served: 0, failed: 0, refused: 0 },
      SampledRows.begin(layout.features, seedFor('features'), capacity),
      SampledRows.begin(layout.outputs, seedFor('outputs'), capacity),
      new Latencies(),
      new Map(),
    );
  }

  /** @throws RangeError for a layout of other columns or bins. */
  static restore(layout: Layout, state: OpenWindowState): OpenWindow {
    return new OpenWindow(
      layout,
      state.withoutReference,
      { ...state.span },
      SampledRows.restore(layout.features, state.features),
      SampledRows.restore(layout.outputs, state.outputs),
      Latencies.restore(state.latencies),
      new Map(state.refusedBy),
    );
  }

  get rows(): number {
    return rowsOf(this.span);
  }

  /** @param rows of the chunk, ascending, at least one. */
  add(chunk: Chunk, rows: RowSelection, { seq, logTime }: FoldTime): void {
    const { span } = this;
    const count = countOf(rows);
    const served = countBefore(rows, chunk.served);
    const reached = countBefore(rows, chunk.served + chunk.failed);
    span.served += served;
    span.failed += reached - served;
    span.refused += count - reached;
    span.last = { seq, row: rowAt(rows, count - 1) };
    span.to = logTime;
    const places = this.layout.placesIn(chunk.schema);
    const answered = sliceOf(rows, 0, served);
    this.features.add(chunk.inputs, places.features, sliceOf(rows, 0, reached));
    this.outputs.add(chunk.outputs, places.outputs, answered);
    this.latencies.add(chunk.latencyUs, answered);
    for (let place = reached; place < count; place++)
      this.#refused(chunk.details[rowAt(rows, place) - chunk.served] ?? '');
  }

  state(): OpenWindowState {
    return {
      span: { ...this.span },
      reference: this.layout.reference?.reference ?? null,
      withoutReference: this.withoutReference,
      tooWide: this.layout.tooWide,
      features: this.features.state(),
      outputs: this.outputs.state(),
      latencies: this.latencies.state(),
      refusedBy: [...this.refusedBy],
    };
  }

  #refused(detail: string): void {
    const columns = new Set(refusedColumns(detail).filter((column) => this.layout.names.has(column)));
    if (columns.size === 0) columns.add('');
    for (const column of columns) this.refusedBy.set(column, (this.refusedBy.get(column) ?? 0) + 1);
  }
}

export const rowsOf = ({ served, failed, refused }: WindowSpan): number => served + failed + refused;
