import type { MonitoringEvent, PerformanceMeasured, WindowRecord } from '#libs/contracts/index.js';
import { conditionsOf, isRaised } from '#libs/domain/index.js';
import { DeploymentMonitor, RowCounts, type MonitorContext, type TrafficFact } from '#libs/monitoring/index.js';
import { scoreAlarms, type AlarmScore } from '#libs/statistics/index.js';
import { ChangePlaces, type GivenChange } from './change-places.js';

/** A finding, and the row of the version, from 0 at the span's beginning, at which it was told. */
export interface FoundAgain {
  readonly finding: MonitoringEvent;
  readonly index: number;
}

export interface ConditionScore {
  readonly model: string;
  readonly version: string;
  /** `data_drift/features`, `performance/accuracy`; all conditions of quality are one. */
  readonly condition: string;
  readonly score: AlarmScore;
}

/** What windows of a version came to. */
export interface VersionWindows {
  readonly model: string;
  readonly version: string;
  /** In the span. */
  readonly rows: number;
  readonly windows: number;
  /** Labels of windows of the span; the accuracy of answering each time as the label before. */
  readonly labels: number;
  readonly no_change_accuracy: number | null;
}

interface Watched {
  readonly model: string;
  readonly version: string;
  readonly changes: ChangePlaces;
  /** Rows before the span. */
  readonly before: number;
  windows: number;
  /** By window what was measured last. */
  readonly measured: Map<number, PerformanceMeasured>;
}

/** The monitor over recorded traffic: what it finds of the span, and where in each version's rows. */
export class MonitorPass {
  readonly found: FoundAgain[] = [];
  readonly #monitor: DeploymentMonitor;
  readonly #rows = new RowCounts();
  readonly #versions = new Map<string, Watched>();
  readonly #notes = new Set<string>();

  /** @param isTold conditions that are asked for */
  constructor(
    deployment: string,
    private readonly version: string | null,
    private readonly isTold: (condition: string) => boolean,
    private readonly changes: readonly GivenChange[],
  ) {
    this.#monitor = new DeploymentMonitor(deployment);
  }

  /** What windows could not be judged by. */
  get notes(): readonly string[] {
    return this.#notes.size < mostNotes ? [...this.#notes] : [...this.#notes, 'and others: --to ends the span earlier'];
  }

  /** The next message. @param told false: it is applied, and nothing is told. */
  apply(fact: TrafficFact, told: boolean, context: MonitorContext): void {
    if (fact.kind === 'chunk') this.#count(fact, told);
    for (const output of this.#monitor.apply(fact, context)) {
      if (!told) continue;
      if (output.kind === 'record') this.#record(output.record);
      else this.#find(output.finding);
    }
  }

  /** @throws CommandFailed for changes that are behind the span's rows */
  scores(within: number | null): ConditionScore[] {
    return this.#told().flatMap((watched) => {
      const { model, version, changes, before } = watched;
      const samples = this.#rows.of(watched) - before;
      const places = changes.of(samples, 'rows');
      const alarms = new Map<string, Set<number>>();
      for (const { finding, index } of this.found) {
        if (!isRaised(finding) || finding.data.model !== model || finding.data.version !== version) continue;
        for (const group of new Set(conditionsOf(finding).map(({ condition }) => groupOf(condition)))) {
          const known = alarms.get(group) ?? new Set();
          alarms.set(group, known.add(index));
        }
      }
      return [...alarms].map(([condition, at]): ConditionScore => {
        const ascending = [...at].sort((a, b) => a - b);
        const score = scoreAlarms({ samples, alarms: ascending, changes: places, within: within ?? undefined });
        return { model, version, condition, score };
      });
    });
  }

  versions(): VersionWindows[] {
    return this.#told().map((watched): VersionWindows => {
      const { model, version, windows, measured, before } = watched;
      const known = [...measured.values()].filter(({ no_change_accuracy }) => no_change_accuracy !== null);
      const labels = known.reduce((sum, { labels }) => sum + labels, 0);
      const unchanged = known.reduce((sum, { labels, no_change_accuracy }) => sum + labels * no_change_accuracy!, 0);
      return {
        ...{ model, version, rows: this.#rows.of(watched) - before, windows, labels },
        no_change_accuracy: labels === 0 ? null : unchanged / labels,
      };
    });
  }

  #told(): Watched[] {
    return [...this.#versions.values()].filter(
      (watched) => this.#isOf(watched) && this.#rows.of(watched) > watched.before,
    );
  }

  #isOf({ version }: { readonly version: string }): boolean {
    return this.version === null || version === this.version;
  }

  #count({ seq, logTime, chunk }: Extract<TrafficFact, { readonly kind: 'chunk' }>, told: boolean): void {
    if (told)
      for (const arm of chunk.schema.arms) {
        const watched = this.#watchedOf(arm);
        watched.changes.reached(seq, logTime, this.#rows.of(arm) - watched.before);
      }
    this.#rows.take(chunk, seq);
  }

  #watchedOf({ model, version }: { readonly model: string; readonly version: string }): Watched {
    const key = `${model}@${version}`;
    let watched = this.#versions.get(key);
    if (watched === undefined) {
      const before = this.#rows.of({ model, version });
      watched = { model, version, changes: new ChangePlaces(this.changes), before, windows: 0, measured: new Map() };
      this.#versions.set(key, watched);
    }
    return watched;
  }

  #record({ type, data }: WindowRecord): void {
    if (!this.#isOf(data)) return;
    const watched = this.#watchedOf(data);
    if (type === 'PerformanceMeasured') watched.measured.set(data.window, data);
    else {
      watched.windows++;
      if (this.#notes.size < mostNotes) for (const note of data.notes) this.#notes.add(note);
    }
  }

  #find(finding: MonitoringEvent): void {
    const { data } = finding;
    if (!this.#isOf(data) || !conditionsOf(finding).some(({ condition }) => this.isTold(condition))) return;
    const through = this.#rows.through(data, data.inputs.last);
    this.found.push({ finding, index: Math.max(through - 1 - this.#watchedOf(data).before, 0) });
  }
}

const mostNotes = 50;

const groupOf = (condition: string): string => (condition.startsWith('quality/') ? 'quality' : condition);
