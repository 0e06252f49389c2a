import fc from 'fast-check';
import type { SimulatedWorld } from './world.js';

/** Something that happens to the world; what it begins need not be done when it returns. */
export type Happening = (world: SimulatedWorld) => Promise<void>;

const named = (name: string, happening: Happening): Happening =>
  Object.assign(happening, { [fc.toStringMethod]: () => name });

const order = fc.integer({ min: 0, max: 3 });

const place = fc
  .record({
    order,
    funds: fc.constantFrom(0, 5, 5, 5),
    parts: fc.integer({ min: 0, max: 3 }),
    stock: fc.constantFrom(0, 3, 3),
    patience_ms: fc.constantFrom(50, 2_000, 60_000),
  })
  .map((placing) => named(`place ${JSON.stringify(placing)}`, (world) => world.place(placing)));
const nudge = order.map((which) => named(`nudge ${which}`, (world) => world.nudge(which)));
const cancel = order.map((which) => named(`cancel ${which}`, (world) => world.cancel(which)));
const start = fc.constant(named('start', (world) => world.start()));
const stop = fc.nat({ max: 3 }).map((which) => named(`stop ${which}`, (world) => world.stop(which)));
const kill = fc
  .record({ which: fc.nat({ max: 3 }), after: fc.integer({ min: 0, max: 12 }) })
  .map(({ which, after }) => named(`kill ${which} after ${after}`, (world) => world.kill(which, after)));
const turns = fc.integer({ min: 1, max: 30 }).map((count) => named(`${count} turns`, (world) => world.turns(count)));
const elapse = fc
  .constantFrom(5, 100, 1_000, 30_000)
  .map((milliseconds) => named(`elapse ${milliseconds}`, (world) => world.time.elapse(milliseconds)));
const step = fc.constantFrom(-20_000, -500, 500, 20_000).map((milliseconds) =>
  named(`step ${milliseconds}`, (world) => {
    world.time.step(milliseconds);
    return Promise.resolve();
  }),
);

export const happenings: fc.Arbitrary<Happening> = fc.oneof(
  { arbitrary: place, weight: 4 },
  { arbitrary: start, weight: 3 },
  { arbitrary: kill, weight: 3 },
  { arbitrary: turns, weight: 5 },
  { arbitrary: elapse, weight: 3 },
  { arbitrary: nudge, weight: 2 },
  { arbitrary: cancel, weight: 1 },
  { arbitrary: stop, weight: 1 },
  { arbitrary: step, weight: 1 },
);
