/**
 * The monitor of one deployment over the same chunks again and again, in a process of its own. For each line
 * `<what> <rows per chunk> <seconds>` on standard input it runs for that long and prints a line, a WatchReport. `what`:
 * `decode` reads chunks, `watch` judges their windows too.
 */
import { createInterface } from 'node:readline';
import { serialize } from 'node:v8';
import {
  decodeChunk,
  encodeChunk,
  encodeChunkSchema,
  monitoringConfig,
  monitoringOf,
  type ChunkSchema,
  type DriftBaseline,
  type Signature,
} from '#libs/contracts/index.js';
import { buildBaseline } from '#libs/datasets/index.js';
import { Random } from '#libs/learning/index.js';
import { DeploymentMonitor, referenceOf, type MonitorContext } from '#libs/monitoring/index.js';

export interface WatchReport {
  readonly rows: number;
  readonly seconds: number;
  /** User and system time. */
  readonly cpuSeconds: number;
  readonly windows: number;
  readonly stateBytes: number;
}

const features = Array.from({ length: 30 }, (_, index) => `feature_${index}`);
const classes = ['no', 'yes'];
const artifact = `sha256:${'0'.repeat(64)}`;
const distinctRows = 16_000;
const random = new Random(1);

const values = Float32Array.from({ length: distinctRows * features.length }, () => random.normal());
const probabilities = Float32Array.from({ length: distinctRows }, () => random.float());

const schema: ChunkSchema = {
  ...{ deployment: 'bench', routing_seq: 1, epoch: 'bench', instance: 'bench' },
  arms: [{ role: 'live', model: 'bench', version: '1.0.0', rollout_id: 'bench', artifact }],
  inputs: [{ name: 'x', type: 'float32', width: features.length, features }],
  outputs: [
    { name: 'label', type: 'string', width: 1, role: 'label' },
    { name: 'probabilities', type: 'float32', width: 2, role: 'probabilities' },
  ],
  classes,
};

const signature: Signature = {
  inputs: [{ name: 'x', type: 'float32', shape: [null, features.length] }],
  outputs: [
    { name: 'label', type: 'string', shape: [null], role: 'label' },
    { name: 'probabilities', type: 'float32', shape: [null, 2], role: 'probabilities' },
  ],
  features: features.map((name, index) => ({ name, type: 'float32', nullable: false, input: 'x', index })),
  classes,
};

const reference = referenceOf(baseline(), artifact, signature);
const context: MonitorContext = {
  ...{ eventsSeq: 1, configurationSeq: 1, settings: monitoringOf(monitoringConfig.parse({}), 'bench') },
  versionOf: () => ({ signature, reference }),
};

process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  const [what = '', rowsPerChunk = '', seconds = ''] = line.split(' ');
  const report = run(chunksOf(Number(rowsPerChunk)), what === 'watch', Number(seconds));
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

/** A counter that comes again is a chunk that was stored twice: each round is another life of the writer. */
function run(chunks: readonly Uint8Array[], watch: boolean, seconds: number): WatchReport {
  const monitor = new DeploymentMonitor('bench');
  const before = process.cpuUsage();
  const start = performance.now();
  const end = start + 1000 * seconds;
  let [rows, windows, seq] = [0, 0, 0];
  do {
    const chunk = decodeChunk(chunks[seq % chunks.length]!);
    seq++;
    rows += chunk.served;
    if (!watch) continue;
    const fact = { kind: 'chunk', seq, logTime: seq, chunk: { ...chunk, counter: seq } } as const;
    for (const output of monitor.apply(fact, context)) if (output.kind === 'record') windows++;
  } while (performance.now() < end);
  const elapsed = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  const stateBytes = serialize(monitor.state()).length;
  return { rows, seconds: elapsed, cpuSeconds: (user + system) / 1e6, windows, stateBytes };
}

/** All rows, cut into chunks. */
function chunksOf(rowsPerChunk: number): Uint8Array[] {
  const schemaBytes = encodeChunkSchema(schema);
  return Array.from({ length: Math.floor(distinctRows / rowsPerChunk) }, (_, chunk) => {
    const from = chunk * rowsPerChunk;
    const own = probabilities.subarray(from, from + rowsPerChunk);
    return encodeChunk(schema, schemaBytes, {
      ...{ counter: chunk + 1, givenUp: [], beganAt: 0, served: rowsPerChunk, failed: 0, refused: 0 },
      arm: new Uint8Array(rowsPerChunk),
      latencyUs: Uint32Array.from(own, () => 500 + random.below(2000)),
      beganOffsetUs: new Uint32Array(rowsPerChunk),
      ...{ codes: [], details: [] },
      inputs: [values.subarray(from * features.length, (from + rowsPerChunk) * features.length)],
      outputs: [Array.from(own, labelOf), Float32Array.from({ length: 2 * own.length }, (_, at) => pairAt(own, at))],
    });
  });
}

function baseline(): DriftBaseline {
  const rows = 5000;
  const drawn = Float64Array.from({ length: rows }, () => random.float());
  return buildBaseline(
    {
      rows,
      columns: features.map((name) => ({
        ...{ name, type: 'numeric' },
        values: Float64Array.from({ length: rows }, () => random.normal()),
      })),
    },
    {
      ...{ rows: Int32Array.from({ length: rows }, (_, row) => row), features, seed: 1 },
      outputs: {
        label: Array.from(drawn, labelOf),
        'probabilities.no': Array.from(drawn, (each) => 1 - each),
        'probabilities.yes': Array.from(drawn),
      },
      target: Array.from(drawn, (each) => (random.float() < each ? 'yes' : 'no')),
    },
  );
}

function labelOf(probability: number): string {
  return probability >= 0.5 ? 'yes' : 'no';
}

function pairAt(own: Float32Array, at: number): number {
  return at % 2 === 0 ? 1 - own[at >> 1]! : own[at >> 1]!;
}
