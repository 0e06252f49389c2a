import { Random } from '#libs/learning/index.js';
import {
  alphaOf,
  driftTestNamed,
  type DriftPolicy,
  type DriftState,
  type TestedColumn,
} from '#libs/statistics/index.js';
import { compared, type SimulatedColumn } from './columns.js';
import { DrawnDistance, PValueByDistance } from './drawn-distance.js';

export interface Scale {
  readonly columns: number;
  readonly windows: number;
  readonly repetitions: number;
  readonly referenceRows: number;
  readonly windowRows: number;
}

export type ColumnMaker = (name: string, rows: number, random: Random) => SimulatedColumn;

export interface FalseAlarms {
  /** Repetitions with any data set alarm. */
  readonly repetitions: number;
  /** Windows with a data set alarm, of all. */
  readonly windows: number;
  /** Windows with a column that drifted. */
  readonly windowsWithColumns: number;
  /** Column-windows that drifted. */
  readonly columns: number;
}

/** Windows without drift through the policies: the same windows for each. */
export function falseAlarms(
  policies: readonly DriftPolicy[],
  make: ColumnMaker,
  scale: Scale,
  seed: number,
): FalseAlarms[] {
  return countAlarms(policies, scale, (repetition) => {
    const random = new Random(seed, repetition);
    const columns = columnsOf(make, scale, random);
    return (policy) => policy.test(compared(columns, scale.windowRows, 0), random.uint32());
  });
}

/** No window rejects a p-value above the first one's level. */
const highestLevel = alphaOf(1, 0.05);

/** The same for `calibrated` at its usual error rate and numeric columns, by drawn distances. */
export function falseAlarmsOfDistances(policies: readonly DriftPolicy[], scale: Scale, seed: number): FalseAlarms[] {
  const pValues = new PValueByDistance(scale.referenceRows, scale.windowRows, highestLevel);
  const test = driftTestNamed('ks');
  return countAlarms(policies, scale, (repetition) => {
    const random = new Random(seed, repetition);
    const columns = Array.from({ length: scale.columns }, (_, place) => ({
      name: `x${place}`,
      drawn: new DrawnDistance(scale.referenceRows, scale.windowRows, random, pValues),
    }));
    return () => columns.map(({ name, drawn }) => ({ column: name, test, outcome: drawn.next() }));
  });
}

/** The share of repetitions in which drift that begins with window `first` is found within two windows. */
export function foundWithinTwo(
  policy: DriftPolicy,
  make: ColumnMaker,
  scale: Scale & { readonly drifted: number; readonly first: number },
  seed: number,
): number {
  let found = 0;
  for (let repetition = 0; repetition < scale.repetitions; repetition++) {
    const random = new Random(seed, repetition);
    const columns = columnsOf(make, scale, random);
    let state: DriftState = { windows: scale.first - 1 };
    for (let window = 0; window < 2; window++) {
      const judged = policy.judge(state, compared(columns, scale.windowRows, scale.drifted), random.uint32());
      state = judged.state;
      if (judged.verdict.drifted === 'drift') {
        found++;
        break;
      }
    }
  }
  return found / scale.repetitions;
}

const columnsOf = (make: ColumnMaker, { columns, referenceRows }: Scale, random: Random): SimulatedColumn[] =>
  Array.from({ length: columns }, (_, place) => make(`x${place}`, referenceRows, random));

function countAlarms(
  policies: readonly DriftPolicy[],
  { windows, repetitions }: Scale,
  begin: (repetition: number) => (policy: DriftPolicy) => TestedColumn[],
): FalseAlarms[] {
  const counted = policies.map(() => ({ repetitions: 0, windows: 0, windowsWithColumns: 0, columns: 0 }));
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const next = begin(repetition);
    const alarms = policies.map(() => 0);
    const states = policies.map(({ initial }) => initial);
    for (let window = 0; window < windows; window++) {
      const shared = next(policies[0]!);
      for (const [place, policy] of policies.entries()) {
        const { state, verdict } = policy.decide(states[place]!, shared);
        states[place] = state;
        const counts = counted[place]!;
        counts.columns += verdict.driftedColumns;
        if (verdict.driftedColumns > 0) counts.windowsWithColumns++;
        if (verdict.drifted === 'drift') alarms[place]!++;
      }
    }
    for (const [place, own] of alarms.entries()) {
      counted[place]!.windows += own;
      if (own > 0) counted[place]!.repetitions++;
    }
  }
  return counted;
}
