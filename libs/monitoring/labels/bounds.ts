import type { FindingMethod, MeasuredMetric, MonitoringSettings } from '#libs/contracts/index.js';
import type { Conditions, FoldTime, WatchedPlace } from '../conditions.js';
import type { MonitorContext, MonitorOutput } from '../contract.js';
import { basisOf, type FoundIn } from '../findings.js';

export interface Bound {
  readonly bound: 'min' | 'max';
  readonly threshold: number;
}

/** Bounds of metrics, by name. */
export type Bounds = ReadonlyMap<string, readonly Bound[]>;

/** A metric against its bounds, in a window. */
export interface BoundJudgement {
  readonly metric: string;
  /** Without labels. */
  readonly estimated: boolean;
  /** Undefined: nothing is known of it. */
  readonly measured: MeasuredMetric | undefined;
  /** The bound it is beyond; null: none; undefined: not enough evidence. */
  readonly beyond: Bound | null | undefined;
  readonly rows: number;
  readonly method: FindingMethod;
  /** Why it is judged no longer: what was found by it is over. */
  readonly over?: string;
}

/** What a condition that holds was raised by, and what was measured last. */
interface Told {
  readonly by: Bound;
  readonly measured: MeasuredMetric;
}

export type ToldBounds = readonly (readonly [condition: string, told: Told])[];

/** Of a classifier the least accuracy, and whatever the settings bound besides. */
export function boundsOf(
  { accuracy_threshold: accuracy, metrics }: MonitoringSettings['performance'],
  classifies: boolean,
): Bounds {
  const bounds = new Map<string, Bound[]>(
    classifies && accuracy !== null ? [['accuracy', [{ bound: 'min', threshold: accuracy }]]] : [],
  );
  for (const [metric, { min, max }] of Object.entries(metrics))
    bounds.set(metric, [
      ...(min === undefined ? [] : [{ bound: 'min' as const, threshold: min }]),
      ...(max === undefined ? [] : [{ bound: 'max' as const, threshold: max }]),
    ]);
  return bounds;
}

/** The bound that the interval lies wholly beyond. Null: none; undefined: there is no interval. */
export function beyondOf(bounds: readonly Bound[], measured: MeasuredMetric | undefined): Bound | null | undefined {
  const { low = null, high = null } = measured ?? {};
  if (low === null || high === null) return undefined;
  return bounds.find(({ bound, threshold }) => (bound === 'min' ? high < threshold : low > threshold)) ?? null;
}

const prefixes = { estimated: 'performance_estimated/', measured: 'performance/' } as const;

/** Metrics that are beyond their bounds: told once, with the bound, and once when it is over. */
export class BoundConditions {
  readonly #told: Map<string, Told>;

  constructor(
    private readonly place: WatchedPlace,
    private readonly conditions: Conditions,
    told: ToldBounds = [],
  ) {
    this.#told = new Map(told);
  }

  judge(
    { metric, estimated, measured, beyond, rows, method, over }: BoundJudgement,
    found: FoundIn,
    at: FoldTime,
    context: MonitorContext,
  ): MonitorOutput[] {
    const condition = `${estimated ? prefixes.estimated : prefixes.measured}${metric}`;
    const before = this.#told.get(condition);
    // What is over because nothing is measured any more is told with what was measured last.
    const figures = measured ?? before?.measured;
    const by = before?.by ?? beyond;
    const { clear_after: clearAfter } = context.settings.performance;
    const wrong = beyond === undefined ? null : beyond !== null;
    const change =
      over === undefined
        ? this.conditions.observe(condition, wrong, { raiseAfter: 1, clearAfter }, found.last)
        : this.conditions.end(condition);
    if (!by || figures === undefined) return [];
    if (change?.change === 'cleared') this.#told.delete(condition);
    else this.#told.set(condition, { by, measured: figures });
    if (change === null) return [];
    const data = {
      ...basisOf(this.place, found, at, context, method),
      ...{ condition, finding_id: change.finding_id, metric },
      ...{ value: figures.value, low: figures.low, high: figures.high, ...by, estimated, measured_rows: rows },
    };
    if (change.change === 'raised') return [{ kind: 'finding', finding: { type: 'PerformanceDegraded', data } }];
    const cleared = over === undefined ? data : { ...data, reason: over };
    return [{ kind: 'finding', finding: { type: 'PerformanceDegradationCleared', data: cleared } }];
  }

  /** Metrics whose condition holds. */
  open(estimated: boolean): string[] {
    const prefix = estimated ? prefixes.estimated : prefixes.measured;
    return [...this.#told.keys()].flatMap((condition) =>
      condition.startsWith(prefix) ? [condition.slice(prefix.length)] : [],
    );
  }

  state(): ToldBounds {
    return [...this.#told];
  }
}
