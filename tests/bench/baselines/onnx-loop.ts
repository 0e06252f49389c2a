/**
 * ONNX Runtime with nothing around it: one session on one thread, prepared tensors in turn. For each line
 * `<rows per run> <seconds>` on standard input it runs for that long and prints one line, an OnnxLoopReport.
 * Both outputs are fetched, as the API answers with both.
 *
 *   node onnx-loop.js <model.onnx>
 */
import { createInterface } from 'node:readline';
import ort from 'onnxruntime-node';
import { featureNames, makeRows } from '../harness/rows.js';

export interface OnnxLoopReport {
  readonly runs: number;
  readonly seconds: number;
}

/** Rows enough that a forest's branches do not become predictable. */
const DISTINCT_ROWS = 8_000;

const model = process.argv[2];
if (model === undefined) throw new Error('model: expected the path of an ONNX file');
const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1 });
const rows = makeRows(DISTINCT_ROWS, 1);
process.stdout.write('ready\n');

for await (const line of createInterface({ input: process.stdin })) {
  const [rowsPerRun = NaN, seconds = NaN] = line.split(' ').map(Number);
  process.stdout.write(`${JSON.stringify(await loop(tensorsOf(rowsPerRun), seconds))}\n`);
}

async function loop(tensors: readonly ort.Tensor[], seconds: number): Promise<OnnxLoopReport> {
  const start = performance.now();
  const end = start + seconds * 1000;
  let runs = 0;
  do {
    await session.run({ input: tensors[runs % tensors.length]! });
    runs++;
  } while (performance.now() < end);
  return { runs, seconds: (performance.now() - start) / 1000 };
}

/** All the rows, cut into tensors of `rowsPerRun`. */
function tensorsOf(rowsPerRun: number): ort.Tensor[] {
  const width = featureNames.length;
  return Array.from({ length: Math.floor(rows.length / rowsPerRun) }, (_, i) => {
    const values = Float32Array.from(rows.slice(i * rowsPerRun, (i + 1) * rowsPerRun).flat());
    return new ort.Tensor('float32', values, [rowsPerRun, width]);
  });
}
