import type { TrafficPosition } from '#libs/contracts/index.js';
import { findingIdOf, type FoldTime, type WatchedPlace } from '../conditions.js';
import type { MonitorContext, MonitorOutput } from '../contract.js';
import { qualityCondition } from './issue.js';
import { issueFindings } from './quality-findings.js';

export interface SilenceState {
  /** The deployment's newest row. */
  readonly newest: {
    readonly place: WatchedPlace;
    readonly position: TrafficPosition;
    readonly logTime: number;
  } | null;
  /** The finding that holds, of the version that had the newest row when it was made. */
  readonly open: {
    readonly place: WatchedPlace;
    readonly position: TrafficPosition;
    readonly findingId: string;
    readonly limit: number;
  } | null;
}

export const silenceCondition = qualityCondition('freshness', null);

/** Whether rows still come. Ticks tell that they do not, the next row that they do again. */
export class Silence {
  #newest: SilenceState['newest'];
  #open: SilenceState['open'];

  constructor({ newest, open }: SilenceState = { newest: null, open: null }) {
    this.#newest = newest;
    this.#open = open;
  }

  /** Whether it is told of this version. */
  isOpenFor({ model, version }: WatchedPlace): boolean {
    return this.#open !== null && this.#open.place.model === model && this.#open.place.version === version;
  }

  /** Where silence is asked about no longer, what was told of it is over. */
  settle(at: FoldTime, context: MonitorContext): MonitorOutput[] {
    if (this.#open === null || context.settings.quality.max_silence_s !== null) return [];
    const outputs = this.#told('QualityIssueCleared', 0, 'it is judged no longer: max_silence_s is null', at, context);
    this.#open = null;
    return outputs;
  }

  tick(at: FoldTime, context: MonitorContext): MonitorOutput[] {
    const limit = context.settings.quality.max_silence_s;
    if (limit === null || this.#newest === null || this.#open !== null) return [];
    const { place, position, logTime } = this.#newest;
    const seconds = (at.logTime - logTime) / 1000;
    if (seconds <= limit) return [];
    const findingId = findingIdOf(place, silenceCondition, { seq: at.seq, row: 0 });
    this.#open = { place, position, findingId, limit };
    return this.#told('QualityIssueFound', seconds, `no row for ${seconds} s`, at, context);
  }

  /** Rows came, of this version last. */
  rows(place: WatchedPlace, position: TrafficPosition, at: FoldTime, context: MonitorContext): MonitorOutput[] {
    const seconds = this.#newest === null ? 0 : (at.logTime - this.#newest.logTime) / 1000;
    const outputs =
      this.#open === null ? [] : this.#told('QualityIssueCleared', 0, `a row after ${seconds} s`, at, context);
    this.#newest = { place, position, logTime: at.logTime };
    this.#open = null;
    return outputs;
  }

  state(): SilenceState {
    return { newest: this.#newest, open: this.#open };
  }

  #told(
    type: 'QualityIssueFound' | 'QualityIssueCleared',
    value: number,
    detail: string,
    at: FoldTime,
    context: MonitorContext,
  ): MonitorOutput[] {
    const { place, position, findingId, limit } = this.#open!;
    const issue = {
      ...{ condition: silenceCondition, finding_id: findingId, check: 'freshness' as const, column: null },
      ...{ value, expected: null, threshold: limit, detail },
    };
    const found = { window: null, first: position, last: position, rows: 0, sampled: 0, reference: null };
    return issueFindings(type, [issue], { place, found, at, context });
  }
}
