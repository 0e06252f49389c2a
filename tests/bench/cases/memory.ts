import { setTimeout as delay } from 'node:timers/promises';
import type { Alternative, BenchCase } from '../bench.js';
import { processTree, pssBytes } from '../harness/process-usage.js';

interface Component {
  readonly component: string;
  readonly pid: number;
}

const SETTLED_WITHIN_MS = 30_000;
const SAMPLE_EVERY_MS = 2_000;

/** Proportional set size, so that pages shared by several processes count once. */
export const memory: BenchCase = {
  name: 'memory',
  about:
    'proportional set size (PSS) at rest after start: one serving process and one that stands by, one training worker, one monitoring process, nothing deployed',
  unit: 'MB',
  needsLoadGenerator: false,
  maxBlocks: 3,
  warmUp: false,
  prepare: async ({ clock }) => {
    const { startPlatform } = await import('#tests/support/platform.js');
    // As `npm start` has it on two cores; tests leave most of it out.
    const platform = await startPlatform({
      env: {
        ...{ MODELOG_SERVING_PROCESSES: '1', MODELOG_SERVING_STANDBY: '1' },
        ...{ MODELOG_TRAINING_WORKERS: '1', MODELOG_MONITORING_PROCESSES: '1' },
      },
    });
    const running = () => rootComponents(platform.pid, platform.processes());
    const everything = () => total(processTree(running().map(({ pid }) => pid)));
    await settled(everything, clock.monotonic.bind(clock));
    // Only now: what stands by starts behind the others.
    const components = running();
    const all: Alternative = { name: 'all processes', measure: () => Promise.resolve({ value: everything() / 1e6 }) };
    const each = components.map((one): Alternative => ({
      name: one.component,
      against: 'all processes',
      measure: () => Promise.resolve({ value: total(ownTree(one, components)) / 1e6 }),
    }));
    return { alternatives: [all, ...each], close: () => platform.stop() };
  },
};

/** The platform's components, the platform itself among them. */
function rootComponents(platformPid: number, components: readonly Component[]): Component[] {
  return [{ component: 'platform', pid: platformPid }, ...components.filter(({ pid }) => pid !== platformPid)];
}

/** A component's process and its descendants, without those that are components of their own. */
function ownTree({ pid }: Component, components: readonly Component[]): number[] {
  const others = components.filter((one) => one.pid !== pid && !processTree([one.pid]).includes(pid));
  const theirs = new Set(processTree(others.map((one) => one.pid)));
  return processTree([pid]).filter((each) => !theirs.has(each));
}

const total = (pids: readonly number[]): number => pids.reduce((sum, pid) => sum + (pssBytes(pid) ?? 0), 0);

/** Waits until two samples differ by less than one per cent: start-up garbage is collected, caches are filled. */
async function settled(measure: () => number, monotonic: () => number): Promise<void> {
  const deadline = monotonic() + SETTLED_WITHIN_MS;
  for (let before = measure(), now = NaN; monotonic() < deadline; before = now) {
    await delay(SAMPLE_EVERY_MS);
    now = measure();
    if (Math.abs(now - before) < 0.01 * before) return;
  }
  throw new Error(`the platform's memory did not come to rest within ${SETTLED_WITHIN_MS / 1000} s`);
}
