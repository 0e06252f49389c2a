import type { Alternative, BenchCase } from '../bench.js';
import { startChild, type Child } from '../harness/child.js';
import type { WatchReport } from '../product/watch-rows.js';

const decoding = 'decode only, 1,000 rows a chunk';

/** What it costs to watch a deployment: from the bytes of a chunk to what is recorded of its windows. */
export const monitoring: BenchCase = {
  name: 'monitoring',
  about: 'chunks of 30 float32 features and a classifier’s answers, decoded and judged in windows of 1,000 rows; state',
  unit: 'rows/s',
  needsLoadGenerator: false,
  prepare: async ({ pinning }) => {
    const child = startChild(new URL('../product/watch-rows.js', import.meta.url), pinning);
    const ready = await child.nextLine();
    if (ready !== 'ready') throw new Error(`watch-rows.js: expected "ready", got "${ready}"`);
    const states = new Map<string, number>();
    return {
      alternatives: [
        alternative(child, decoding, 'decode 1000', states),
        ...[1000, 100, 10, 1].map((rows) => ({
          ...alternative(child, `${rows} ${rows === 1 ? 'row' : 'rows'} a chunk`, `watch ${rows}`, states),
          against: decoding,
        })),
      ],
      report: () => {
        const largest = Math.max(...states.values());
        return Promise.resolve({
          text: `largest state of the deployment: ${(largest / 1e6).toFixed(2)} MB`,
          figures: { stateBytes: Object.fromEntries(states) },
        });
      },
      close: () => child.stop(),
    };
  },
};

function alternative(child: Child, name: string, command: string, states: Map<string, number>): Alternative {
  return {
    name,
    measure: async (seconds) => {
      child.send(`${command} ${seconds}`);
      const report = JSON.parse(await child.nextLine()) as WatchReport;
      states.set(name, Math.max(states.get(name) ?? 0, report.stateBytes));
      return { value: report.rows / report.seconds, cpuMicros: { monitor: (report.cpuSeconds * 1e6) / report.rows } };
    },
  };
}
