import { rejection, type Rejection, type Signature } from '#libs/contracts/index.js';
import type { ColumnData } from '#libs/inference/index.js';
import { accept, reject, type Result } from '#libs/kernel/index.js';
import { outputOf } from './model-metadata.js';
import type { OutputTensor } from './protocol.js';

/** One id a row, beside what the graph puts out. */
export const predictionIdOutput = 'prediction_id';

/** Which outputs are answered, in this order: indices of the signature's outputs, or the ids. */
export type OutputSelection = readonly (number | typeof predictionIdOutput)[];

/** `names` empty: all that the graph has. A graph's own output of a name comes before what Modelog adds. */
export function selectOutputs({ outputs }: Signature, names: readonly string[]): Result<OutputSelection, Rejection> {
  if (names.length === 0) return accept(outputs.map((_, index) => index));
  const selected: OutputSelection[number][] = [];
  for (const name of names) {
    const index = outputs.findIndex((output) => output.name === name);
    const output = index < 0 && name === predictionIdOutput ? predictionIdOutput : index;
    if (output === -1) return reject(invalidOutput(name, `expected one of ${known(outputs)}`));
    if (selected.includes(output)) return reject(invalidOutput(name, 'expected once, is asked for twice'));
    selected.push(output);
  }
  return accept(selected);
}

/** `data`: of each of the signature's outputs, `rows` rows. `ids`: one a row. */
export const outputTensors = (
  signature: Signature,
  selection: OutputSelection,
  data: readonly ColumnData[],
  ids: readonly string[],
  rows: number,
): OutputTensor[] =>
  selection.map((output) => {
    if (output === predictionIdOutput) return { name: output, datatype: 'BYTES', shape: [rows], data: ids };
    const { name, datatype, shape } = outputOf(signature.outputs[output]!);
    return { name, datatype, shape: [rows, ...shape.slice(1)], data: data[output]! };
  });

export const invalidOutput = (name: string, misfit: string): Rejection =>
  rejection('invalid_tensor', `output '${name.slice(0, 128)}': ${misfit}`, [
    { path: `outputs.${name.slice(0, 128)}`, message: misfit },
  ]);

const known = (outputs: Signature['outputs']): string =>
  [...outputs.map(({ name }) => name), predictionIdOutput].map((name) => `'${name}'`).join(', ');
