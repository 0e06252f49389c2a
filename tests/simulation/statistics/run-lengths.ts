import { detectorFrom, detectorKinds } from '#libs/statistics/index.js';
import { PythonRandom } from '#tests/support/python-random.js';

export interface RunLength {
  readonly detector: string;
  /** `errors of rate 0.1`, `uniform numbers`. */
  readonly stream: string;
  readonly samples: number;
  readonly drifts: number;
  /** What the detector's own rate makes of so many looks; null: it has none. */
  readonly allowed: number | null;
}

/** The chance of drift that a detector states for one look, and the samples from one look to the next. */
const nominal: Readonly<Record<string, { readonly rate: number; readonly every: number }>> = {
  adwin: { rate: 0.002, every: 32 },
  hddm_a: { rate: 0.001, every: 1 },
  hddm_w: { rate: 0.001, every: 1 },
  kswin: { rate: 0.005, every: 1 },
};

/** False alarms of every detector, with its defaults, on streams that never change. */
export function* runLengths(samples: number, seed: number): Generator<RunLength> {
  for (const { name, takes } of detectorKinds) {
    for (const rate of [0.05, 0.2, 0.5]) {
      const random = new PythonRandom(seed);
      yield run(name, `errors of rate ${rate}`, samples, () => (random.random() < rate ? 1 : 0));
    }
    const random = new PythonRandom(seed);
    if (takes === 'numbers') yield run(name, 'uniform numbers', samples, () => random.random());
  }
}

function run(name: string, stream: string, samples: number, next: () => number): RunLength {
  const detector = detectorFrom(name);
  let drifts = 0;
  for (let at = 0; at < samples; at++) if (detector.update(next()) === 'drift') drifts++;
  const own = nominal[name];
  const allowed = own === undefined ? null : own.rate * Math.floor(samples / own.every);
  return { detector: name, stream, samples, drifts, allowed };
}
