/**
 * The monitor of one deployment over the same chunks again and again, in a process of its own. For each line
 * `<what> <rows per chunk> <seconds>` on standard input it runs for that long and prints a line, a WatchReport. `what`:
 * `decode` reads chunks, `watch` judges their windows too.
 */
import { createInterface } from 'node:readline';
import { serialize } from 'node:v8';
import { decodeChunk, encodeChunk, encodeChunkSchema, monitoringConfig, monitoringOf } from '#libs/contracts/index.js';
import { Random } from '#libs/learning/index.js';
import { DeploymentMonitor, referenceOf, type MonitorContext } from '#libs/monitoring/index.js';
import { baselineOf, chunkOf, drawRows, modelArtifact, rowsFrom, schemaOf, signature } from './bench-classifier.js';

export interface WatchReport {
  readonly rows: number;
  readonly seconds: number;
  /** User and system time. */
  readonly cpuSeconds: number;
  readonly windows: number;
  readonly stateBytes: number;
}

const distinctRows = 16_000;
const random = new Random(1);
const reference = referenceOf(baselineOf(drawRows(random, 5000)), modelArtifact, signature);
const drawn = drawRows(random, distinctRows);
const schema = schemaOf('bench', 1);
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
    const own = rowsFrom(drawn, chunk * rowsPerChunk, rowsPerChunk);
    return encodeChunk(schema, schemaBytes, chunkOf(own, { counter: chunk + 1, beganAt: 0, random }));
  });
}
