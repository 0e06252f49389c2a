import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { configurationFiles, type ServingLoad } from '#libs/contracts/index.js';
import {
  hotForMs,
  initialScaling,
  lookAtLoad,
  scalingPolicy,
  type Observation,
  type ScalingPolicy,
  type ScalingStep,
} from './scaling-policy.js';

const load = (over: Partial<ServingLoad> = {}): ServingLoad => ({
  instance: 'serving-0',
  pid: 1,
  over_s: 1,
  requests: 100,
  overloaded: 0,
  queued_rows: 0,
  most_queued_rows: 0,
  p99_ms: 1,
  busy: 0.05,
  resident_mb: 100,
  loads: 1,
  ...over,
});

const hot = load({ queued_rows: 300, busy: 1 });
const idle = load({ requests: 0, p99_ms: null, busy: 0 });
/** Neither too much nor quiet. */
const between = load({ queued_rows: 200, busy: 0.6 });

const policy: ScalingPolicy = {
  bounds: { min: 1, max: 4 },
  targets: { queued_rows: 256, p99_ms: 250 },
  coolDownMs: 60_000,
};

/** Looks once a second; what is decided comes about before the next look. */
function run(
  loadsAt: (second: number, processes: number) => readonly ServingLoad[],
  { seconds, from, under = policy }: { seconds: number; from: number; under?: ScalingPolicy },
): { second: number; from: number; step: ScalingStep }[] {
  const steps: { second: number; from: number; step: ScalingStep }[] = [];
  let state = initialScaling;
  let processes = from;
  for (let second = 0; second < seconds; second++) {
    const observation: Observation = { at: 1000 * second, processes, loads: loadsAt(second, processes) };
    const looked = lookAtLoad(state, observation, under);
    state = looked.state;
    if (looked.step !== null) {
      steps.push({ second, from: processes, step: looked.step });
      processes = looked.step.to;
    }
  }
  return steps;
}

const everywhere = (each: ServingLoad) => (_second: number, processes: number) =>
  Array.from({ length: processes }, () => each);
const counts = (steps: ReturnType<typeof run>): [number, number][] =>
  steps.map(({ second, step }) => [second, step.to]);

describe('the number of serving processes', () => {
  it('grows by one after three seconds above a target, each time anew, up to the most', () => {
    expect(counts(run(everywhere(hot), { seconds: 60, from: 1 }))).toEqual([
      [3, 2],
      [7, 3],
      [11, 4],
    ]);
    for (const [each, reason] of [
      [hot, 'for 3 s rows waited in a process: 300, more than 256'],
      [load({ p99_ms: 251.2 }), 'for 3 s the p99 of a process was 251 ms, more than 250'],
      [load({ overloaded: 1 }), 'for 3 s requests were refused'],
    ] as const)
      expect(run(() => [each, idle], { seconds: 4, from: 2 })[0]?.step).toEqual({ to: 3, reason });
  });

  it('shrinks by one after the cool-down in quiet, each time anew, down to the least', () => {
    expect(counts(run(everywhere(idle), { seconds: 300, from: 3 }))).toEqual([
      [60, 2],
      [121, 1],
    ]);
    expect(run(everywhere(idle), { seconds: 61, from: 3 })[0]?.step.reason).toBe('it was quiet for 60 s');
  });

  it('stays while the work is between the two, or the processes left could not do it', () => {
    expect(run(everywhere(between), { seconds: 300, from: 2 })).toEqual([]);
    expect(run(everywhere(load({ busy: 0.5 })), { seconds: 300, from: 2 })).toEqual([]);
    expect(counts(run(everywhere(load({ busy: 0.3 })), { seconds: 300, from: 2 }))).toEqual([[60, 1]]);
  });

  it('does not take silence for quiet, nor bridge a time without looks', () => {
    expect(run(() => [], { seconds: 300, from: 2 })).toEqual([]);
    expect(run(() => [idle], { seconds: 300, from: 2 })).toEqual([]);
    const at = [0, 1, 2, 5.1, 6.1, 7.1];
    expect(run((second) => (second === 2 ? [] : [hot]), { seconds: 6, from: 1 })).toEqual([]);
    let state = initialScaling;
    for (const second of at) {
      const looked = lookAtLoad(state, { at: 1000 * second, processes: 1, loads: [hot] }, policy);
      expect(looked.step).toBeNull();
      state = looked.state;
    }
  });

  it('goes straight to a bound that it is beyond, and says it once while that comes about', () => {
    const bounded = { ...policy, bounds: { min: 2, max: 3 } };
    const first = lookAtLoad(initialScaling, { at: 0, processes: 1, loads: [] }, bounded);
    expect(first.step).toEqual({ to: 2, reason: 'there are to be at least 2' });
    expect(lookAtLoad(first.state, { at: 1_000, processes: 1, loads: [] }, bounded).step).toBeNull();
    expect(lookAtLoad(first.state, { at: 15_000, processes: 1, loads: [] }, bounded).step).toEqual(first.step);
    expect(lookAtLoad(initialScaling, { at: 0, processes: 7, loads: [] }, bounded).step?.to).toBe(3);
  });

  it('has the bounds of the configuration, or the number that the platform starts with', () => {
    const under = (scaling: object, startWith: number) =>
      scalingPolicy(
        configurationFiles.parse({ pipeline: { serving: { scaling } } }).pipeline.serving.scaling,
        startWith,
      );
    expect(under({}, 3)).toEqual({ ...policy, bounds: { min: 3, max: 3 } });
    expect(under({ max: 8, cool_down_s: 1, p99_ms: 5, queued_rows: 7 }, 3)).toEqual({
      bounds: { min: 3, max: 8 },
      targets: { queued_rows: 7, p99_ms: 5 },
      coolDownMs: 1_000,
    });
    expect(under({ max: 2 }, 3).bounds).toEqual({ min: 2, max: 2 });
    expect(under({ min: 4 }, 3).bounds).toEqual({ min: 4, max: 4 });
    expect(() => under({ min: 4, max: 2 }, 3)).toThrow('expected at least min');
  });
});

describe('for any work', () => {
  const anyLoads = fc.array(
    fc.record({
      queued: fc.constantFrom(0, 100, 128, 129, 256, 257, 5_000),
      p99: fc.constantFrom(null, 1, 125, 126, 250, 251),
      overloaded: fc.constantFrom(0, 0, 0, 5),
      busy: fc.double({ min: 0, max: 1, noNaN: true }),
      answers: fc.integer({ min: 0, max: 5 }),
      /** Seconds that it goes on like this. */
      lasts: fc.constantFrom(1, 2, 4, 20, 90),
    }),
    { minLength: 1, maxLength: 12 },
  );
  const anyBounds = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 4 })).map(([min, more]) => ({
    min,
    max: min + more,
  }));

  it('it is within the bounds, moves by one, up only after 3 s of too much and down only after the cool-down', () => {
    fc.assert(
      fc.property(anyLoads, anyBounds, fc.integer({ min: 1, max: 8 }), (phases, bounds, from) => {
        const under = { ...policy, bounds };
        const schedule = phases.flatMap((phase) => Array.from({ length: phase.lasts }, () => phase));
        const loadsAt = (second: number): ServingLoad[] => {
          const { queued, p99, overloaded, busy, answers } = schedule[second]!;
          return Array.from({ length: answers }, () => load({ queued_rows: queued, p99_ms: p99, overloaded, busy }));
        };
        const steps = run(loadsAt, { seconds: schedule.length, from, under });
        let changedAt = 0;
        for (const { second, from: before, step } of steps) {
          expect(step.to).toBeGreaterThanOrEqual(bounds.min);
          expect(step.to).toBeLessThanOrEqual(bounds.max);
          if (before >= bounds.min && before <= bounds.max) {
            expect(Math.abs(step.to - before)).toBe(1);
            const rises = step.to > before;
            const span = (rises ? hotForMs : under.coolDownMs) / 1000;
            expect(second - changedAt).toBeGreaterThanOrEqual(span);
            for (let at = second - span; at <= second; at++) {
              const { queued, p99, overloaded, answers } = schedule[at]!;
              const isHot = overloaded > 0 || queued > 256 || (p99 ?? 0) > 250;
              expect(answers).toBeGreaterThan(0);
              expect(isHot).toBe(rises);
              if (!rises) expect(queued <= 128 && (p99 ?? 0) <= 125).toBe(true);
            }
          }
          changedAt = second;
        }
      }),
      { numRuns: 300 },
    );
  });

  it('constant work leaves a number that no longer changes, and never one that was given up', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 6, noNaN: true }),
        anyBounds,
        fc.integer({ min: 1, max: 8 }),
        (work, bounds, from) => {
          // Shared evenly; rows wait in processes that have no time left.
          const loadsOf = (_second: number, processes: number): ServingLoad[] => {
            const busy = Math.min(1, work / processes);
            return Array.from({ length: processes }, () => load({ busy, queued_rows: busy === 1 ? 1_000 : 0 }));
          };
          const steps = run(loadsOf, { seconds: 900, from, under: { ...policy, bounds } });
          const within = steps.filter((each) => each.from >= bounds.min && each.from <= bounds.max);
          expect(new Set(within.map(({ from: before, step }) => Math.sign(step.to - before))).size).toBeLessThan(2);
          expect(within.every(({ second }) => second < 600)).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});
