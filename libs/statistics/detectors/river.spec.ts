import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { NumpyRandom, PythonRandom } from '#tests/support/python-random.js';
import { detectorFrom, detectorKinds, type DetectorParameters, type StreamDetector } from './index.js';
import { MersenneTwister } from './mersenne-twister.js';
import { PythonSample } from './python-sample.js';

interface Found {
  readonly drifts: number[];
  /** [first, samples] of runs. */
  readonly warnings: [number, number][];
}

function watch(detector: StreamDetector, values: Iterable<number>): Found {
  const [drifts, warnings]: [number[], [number, number][]] = [[], []];
  let index = 0;
  for (const value of values) {
    const signal = detector.update(value);
    if (signal === 'drift') drifts.push(index);
    if (signal === 'warning') {
      const run = warnings.at(-1);
      if (run !== undefined && run[0] + run[1] === index) run[1]++;
      else warnings.push([index, 1]);
    }
    index++;
  }
  return { drifts, warnings };
}

/** The first warning of each wait for a drift, as river's documentation prints it. */
function printed(detector: StreamDetector, values: readonly number[]): string[] {
  let waiting = true;
  return values.flatMap((value, index) => {
    const signal = detector.update(value);
    if (signal === 'warning' && waiting) {
      waiting = false;
      return [`warning ${index}`];
    }
    if (signal !== 'drift') return [];
    waiting = true;
    return [`drift ${index}`];
  });
}

function fixture(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../../tests/fixtures/statistics/${name}.json`, import.meta.url), 'utf8'));
}

describe('the check values of STATISTICS.md', () => {
  const integers = (): number[] => {
    const random = new PythonRandom(12345);
    return [...random.choices([0, 1], 1000), ...random.choices([4, 5, 6, 7], 1000)];
  };
  const rates = (): number[] => {
    const random = new PythonRandom(42);
    return [...random.choices([0, 1], 1000), ...random.choices([0, 1], 1000, [0.3, 0.7])];
  };
  const normals = (): number[] => {
    const random = new NumpyRandom(1);
    return [...random.normal(0, 0.1, 1000), ...random.normal(0.5, 0.1, 1000)].map((value) => (value > 0 ? 1 : 0));
  };

  it.each([
    ['adwin', {}, [1023]],
    ['page_hinkley', {}, [1006]],
    ['kswin', { alpha: 0.0001, seed: 42 }, [1016]],
  ] as const)('%s on Random(12345), as river prints it', (name, parameters, drifts) => {
    expect(watch(detectorFrom(name, parameters), integers()).drifts).toEqual(drifts);
  });

  it.each([
    ['ddm', {}, ['warning 1084', 'drift 1334', 'warning 1492']],
    ['hddm_w', {}, ['warning 451', 'drift 1077']],
    ['hddm_a', {}, ['warning 451', 'drift 1206']],
    ['eddm', { alpha: 0.8, beta: 0.75 }, ['warning 1059', 'drift 1278']],
  ] as const)('%s on Random(42), as river prints it', (name, parameters, lines) => {
    expect(printed(detectorFrom(name, parameters), rates())).toEqual(lines);
  });

  // river finds the same here: the reset semantics in which the two differ do not bear on this stream.
  it.each([
    ['ddm', [103, 1060]],
    ['eddm', [64, 1135]],
    ['hddm_a', [1052]],
    ['hddm_w', [1018]],
  ] as const)('%s on np.random.seed(1), as scikit-multiflow prints it', (name, drifts) => {
    expect(watch(detectorFrom(name), normals()).drifts).toEqual(drifts);
  });
});

describe('beside river', () => {
  interface Recipe {
    readonly kind: 'errors' | 'levels' | 'numbers';
    readonly seed: number;
    readonly segments: readonly (readonly [samples: number, shift: number, scale: number])[];
  }
  interface Case extends Found {
    readonly detector: string;
    readonly parameters: DetectorParameters;
    readonly stream: Recipe;
    readonly end: Readonly<Record<string, number | null>>;
  }
  interface Drawn {
    readonly seed: number;
    readonly n: number;
    readonly k: number;
    readonly draws: readonly (readonly number[])[];
  }
  const { cases, samples } = fixture('detectors') as { cases: Case[]; samples: Drawn[] };

  function* streamOf({ kind, seed, segments }: Recipe): Generator<number> {
    const random = new PythonRandom(seed);
    for (const [count, shift, scale] of segments) {
      for (let at = 0; at < count; at++) {
        const drawn = random.random();
        if (kind === 'errors') yield drawn < scale ? 1 : 0;
        else yield (kind === 'levels' ? Math.floor(drawn * scale) : drawn * scale) + shift;
      }
    }
  }

  /** What river ended with, where it shows in a reading or in a state. */
  function endOf(detector: StreamDetector): Record<string, unknown> {
    const { state } = detector.toJSON();
    return {
      ...detector.reading(),
      variance: state['squares'],
      distance: state['distance'],
      lowest: state['lowest_mean'],
    };
  }

  it.each(detectorKinds.map(({ name }) => name))('%s warns and drifts where river does', (name) => {
    const own = cases.filter(({ detector }) => detector === name);
    expect(own).toHaveLength(26);
    for (const { detector, parameters, stream, drifts, warnings } of own) {
      const found = watch(detectorFrom(detector, parameters), streamOf(stream));
      expect({ parameters, stream, ...found }).toEqual({ parameters, stream, drifts, warnings });
    }
    expect(own.some(({ drifts }) => drifts.length > 1)).toBe(true);
  });

  it.each(['adwin', 'ddm', 'eddm', 'hddm_a', 'page_hinkley'])('%s ends with the numbers of river', (name) => {
    for (const { detector, parameters, stream, end } of cases.filter((one) => one.detector === name)) {
      const running = detectorFrom(detector, parameters);
      watch(running, streamOf(stream));
      const ours = endOf(running);
      for (const [field, value] of Object.entries(end).filter(([field]) => field in ours)) {
        const found = ours[field];
        if (value === null || typeof found !== 'number') expect([field, found]).toEqual([field, value]);
        else expect(Math.abs(found - value)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(value)));
      }
    }
  });

  it.each(samples)('draws what random.Random($seed).sample(range($n), $k) draws', ({ seed, n, k, draws }) => {
    const random = MersenneTwister.fromSeed(seed);
    const sample = new PythonSample(n, k);
    for (const draw of draws) expect([...sample.draw(random)]).toEqual(draw);
  });
});

describe.each(['sea', 'agrawal', 'hyperplane'])('on 20 streams of %s whose concept changes', (stream) => {
  interface Streams {
    readonly samples: number;
    readonly changes: readonly number[];
    readonly kswin_seed: number;
    readonly streams: readonly {
      readonly seed: number;
      readonly errors: string;
      readonly detectors: Readonly<Record<string, Pick<Found, 'drifts'> & Partial<Found>>>;
    }[];
  }
  const { samples, changes, kswin_seed, streams } = fixture(`detector_streams_${stream}`) as Streams;

  function errorsOf(packed: string): number[] {
    const bytes = Buffer.from(packed, 'base64');
    return Array.from({ length: samples }, (_, at) => (bytes[at >>> 3]! >>> (7 - (at & 7))) & 1);
  }

  const unpacked = streams.map(({ errors, ...rest }) => ({ ...rest, values: errorsOf(errors) }));

  it.each(detectorKinds.map(({ name }) => name))('%s finds what river finds, index for index', (name) => {
    expect(unpacked).toHaveLength(20);
    let found = 0;
    for (const { seed, values, detectors } of unpacked) {
      const { drifts, warnings = [] } = detectors[name]!;
      const detector = detectorFrom(name, name === 'kswin' ? { seed: kswin_seed } : {});
      expect({ seed, ...watch(detector, values) }).toEqual({ seed, drifts, warnings });
      if (drifts.some((index) => index >= changes[0]!)) found++;
    }
    // Changes are found at all, by river too.
    expect(found).toBeGreaterThan(0);
  });
});
