import type { BacktestRequest } from '#apps/cli/offline/backtest/request.js';
import { backtest as runBacktest } from '#apps/cli/offline/backtest/run.js';
import { readTraffic, nothingRead } from '#libs/monitoring/index.js';
import type { Alternative, BenchCase, Sample } from '../bench.js';
import { openLabelledLog, type LabelledLog } from '../product/labelled-log.js';

const rows = 200_000;
const reading = 'reading and decoding alone';

/** Recorded traffic once more, from the server on: what detectors and the monitor would have found. */
export const backtest: BenchCase = {
  name: 'backtest',
  about: `modelog backtest over ${rows.toLocaleString('en')} rows of 30 float32 features, each with a label, from JetStream`,
  unit: 'rows/s',
  needsLoadGenerator: false,
  maxBlocks: 3,
  prepare: async () => {
    const log = await openLabelledLog(rows);
    const detectors = ['adwin', 'ddm', 'eddm', 'hddm_a', 'hddm_w', 'page_hinkley'];
    const labels = new Map<string, string>([['AAAAAAABAAAAAAAA', 'no']]);
    const found = { ...request(log), monitor: null };
    const alternative = (name: string, asked: BacktestRequest): Alternative => ({
      ...{ name, against: reading },
      measure: () => measured(() => runBacktest(asked, log, { signal, progress: () => undefined })),
    });
    return {
      alternatives: [
        { name: reading, measure: () => measured(() => read(log)) },
        alternative('ddm on recorded labels', { ...found, detectors: wanted(['ddm']) }),
        alternative('six detectors in one pass', { ...found, detectors: wanted(detectors) }),
        alternative('the monitor: data drift, labels of a file', {
          ...request(log),
          labels,
          conditions: ['data_drift/'],
        }),
        alternative('the monitor: all of it, recorded labels', request(log)),
      ],
      close: () => log.close(),
    };
  },
};

const { signal } = new AbortController();

const wanted = (names: readonly string[]): BacktestRequest['detectors'] =>
  names.map((name) => ({ text: name, name, parameters: {} }));

const request = ({ deployment }: LabelledLog): BacktestRequest => ({
  ...{ deployment, version: null, detectors: [], monitor: [], conditions: null },
  ...{ from: null, to: null, fresh: false, changePoints: [], within: null, labels: null },
});

async function measured(run: () => Promise<unknown>): Promise<Sample> {
  const [before, start] = [process.cpuUsage(), performance.now()];
  await run();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  return { value: rows / seconds, cpuMicros: { backtest: (user + system) / rows } };
}

async function read({ traffic, deployment }: LabelledLog): Promise<void> {
  const { lastSeq } = await traffic.head();
  for await (const batch of traffic.follow({ fromSeq: 1, signal, maxBatch: 64 }))
    for (const message of batch) {
      readTraffic(deployment, message, nothingRead);
      if (message.seq === lastSeq) return;
    }
}
