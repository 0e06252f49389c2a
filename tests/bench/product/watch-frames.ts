/**
 * The monitor over the windows of frames, in a process of its own: `watch-frames.js <folder of drift-frames.ts>`. For each line
 * `<policy> <rows of the reference> <rows of a window> <seconds>` on standard input it closes windows for that long, those of
 * the frame in turn, and prints a line, a FramesReport.
 */
import { createInterface } from 'node:readline';
import { monitoringConfig, monitoringOf, type Chunk, type WindowClosed } from '#libs/contracts/index.js';
import { Random } from '#libs/learning/index.js';
import { DeploymentMonitor, referenceOf, type MonitorContext } from '#libs/monitoring/index.js';
import { baselineOf, chunkOf, modelArtifact, rowsFrom, schemaOf, signature } from './bench-classifier.js';
import { readFrame } from './drift-frames.js';

/** What the programs in Python print too. */
export interface FramesReport {
  readonly rows: number;
  readonly seconds: number;
  /** User and system time. */
  readonly cpu_seconds: number;
  /** Windows of the frame, from 0, each with how many of its features had drifted. */
  readonly drifted: readonly (readonly [window: number, features: number])[];
}

interface Frames {
  readonly context: MonitorContext;
  /** One for each window, as decoding gives it. */
  readonly chunks: readonly Chunk[];
}

const [folder = ''] = process.argv.slice(2);
const prepared = new Map<string, Frames>();

process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  const [policy = '', referenceRows = '', windowRows = '', seconds = ''] = line.split(' ');
  const key = `${policy} ${referenceRows} ${windowRows}`;
  const frames = prepared.get(key) ?? prepare(policy, Number(referenceRows), Number(windowRows));
  prepared.set(key, frames);
  process.stdout.write(`${JSON.stringify(run(frames, Number(seconds)))}\n`);
}

/** All windows at least once. */
function run({ context, chunks }: Frames, seconds: number): FramesReport {
  const monitor = new DeploymentMonitor('bench');
  const drifted = new Map<number, number>();
  const [before, start] = [process.cpuUsage(), performance.now()];
  let [rows, seq] = [0, 0];
  while (seq < chunks.length || performance.now() - start < 1000 * seconds) {
    const window = seq % chunks.length;
    seq++;
    const chunk = { ...chunks[window]!, counter: seq };
    for (const output of monitor.apply({ kind: 'chunk', seq, logTime: seq, chunk }, context))
      if (output.kind === 'record' && output.record.type === 'WindowClosed')
        drifted.set(window, driftedFeatures(output.record.data));
    rows += chunk.served;
  }
  const elapsed = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  return { rows, seconds: elapsed, cpu_seconds: (user + system) / 1e6, drifted: [...drifted] };
}

function prepare(policy: string, referenceRows: number, windowRows: number): Frames {
  const random = new Random(1);
  const baseline = baselineOf(readFrame(folder, `reference-${referenceRows}`));
  const watched = { signature, reference: referenceOf(baseline, modelArtifact, signature) };
  const config = monitoringConfig.parse({ monitoring: { drift_detection: { policy, window_size: windowRows } } });
  const current = readFrame(folder, `current-${windowRows}`);
  return {
    context: {
      ...{ eventsSeq: 1, configurationSeq: 1, settings: monitoringOf(config, 'bench') },
      versionOf: () => watched,
    },
    chunks: Array.from({ length: current.rows / windowRows }, (_, window) => ({
      ...chunkOf(rowsFrom(current, window * windowRows, windowRows), { counter: window + 1, beganAt: 0, random }),
      schema: schemaOf('bench', 1),
    })),
  };
}

function driftedFeatures({ drift }: WindowClosed): number {
  const columns = drift.find(({ scope }) => scope === 'features')?.columns ?? [];
  return columns.filter(({ drifted }) => drifted === true).length;
}
