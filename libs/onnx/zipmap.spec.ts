import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { attribute, modelBytes, node, readSignature, removeZipMap, valueInfo } from './index.js';
import { readModel, type GraphMessage } from './messages.js';
import { readMessage } from './wire.js';

const fixture = (name: string): Uint8Array =>
  readFileSync(new URL(`../../tests/fixtures/models/${name}/model.onnx`, import.meta.url));

function removed(bytes: Uint8Array): Uint8Array {
  const plain = removeZipMap(bytes);
  if (!plain.ok) throw new Error(plain.rejection.detail);
  return plain.value;
}

function graphOf(bytes: Uint8Array): GraphMessage {
  const { graph } = readModel(bytes);
  if (graph === null) throw new Error('no graph');
  return graph;
}

/** Every field of a message but those numbered `except`, as bytes. */
function fieldsOf(bytes: Uint8Array, except: readonly number[]): Buffer[] {
  const fields: Buffer[] = [];
  readMessage(bytes, 'message', (number, value) => {
    value.skip();
    if (!except.includes(number)) fields.push(Buffer.from(bytes.subarray(value.start, value.position)));
  });
  return fields;
}

function graphBytes(model: Uint8Array): Uint8Array {
  let graph: Uint8Array | undefined;
  readMessage(model, 'model', (number, value) => {
    if (number === 7) graph = value.bytes();
  });
  return graph!;
}

const zipMap = (input: string, output: string, classes: readonly string[]): Uint8Array =>
  node('ZipMap', [input], [output], [attribute.strings('classlabels_strings', classes)], 'ai.onnx.ml');

/** A sequence of maps from string to float, as exporters declare a ZipMap's output. */
function sequenceInfo(name: string): Uint8Array {
  const nested = (field: number, ...content: number[]) => [(field << 3) | 2, content.length, ...content];
  const floatTensor = nested(1, 0x08, 1);
  const map = nested(5, 0x08, 8, ...nested(2, ...floatTensor));
  const sequence = nested(4, ...nested(1, ...map));
  return Uint8Array.from([...nested(1, ...Buffer.from(name)), ...nested(2, ...sequence)]);
}

describe('removeZipMap', () => {
  it.each(['forest-zipmap', 'logistic-strings', 'mixed-pipeline', 'lightgbm-zipmap'])(
    'leaves every other byte of %s as it is',
    (name) => {
      const before = fixture(name);
      const after = removed(before);
      expect(fieldsOf(after, [7])).toEqual(fieldsOf(before, [7]));
      expect(fieldsOf(graphBytes(after), [1, 12])).toEqual(fieldsOf(graphBytes(before), [1, 12]));
      const nodesBefore = graphOf(before).nodes.filter(({ type }) => type !== 'ZipMap');
      expect(graphOf(after).nodes).toEqual(nodesBefore);
      expect(graphOf(after).outputs.every(({ kind }) => kind === 'tensor')).toBe(true);
    },
  );

  it('gives the same signature before and after', () => {
    const before = fixture('lightgbm-zipmap');
    const signature = readSignature(before);
    expect(signature).toMatchObject({ ok: true, value: { classes: [0, 1] } });
    const after = readSignature(removed(before));
    if (!signature.ok || !after.ok) throw new Error('no signature');
    expect(after.value.outputs.map(({ name, shape }) => ({ name, shape }))).toEqual(
      signature.value.outputs.map(({ name, shape }) => ({ name, shape })),
    );
  });

  it('gives back the same array where there is no ZipMap', () => {
    const bytes = fixture('forest-plain');
    expect(removed(bytes)).toBe(bytes);
  });

  it('keeps fields that this program does not know, of the model and of the graph', () => {
    // Field 999, a string, behind the model's own fields.
    const unknown = Buffer.from([0xba, 0x3e, 0x03, 0x61, 0x62, 0x63]);
    const withUnknown = Buffer.concat([fixture('forest-zipmap'), unknown]);
    expect(Buffer.from(removed(withUnknown)).subarray(-unknown.length)).toEqual(unknown);
  });

  it('takes off several ZipMaps, and names a tensor once that feeds two or is an output already', () => {
    const bytes = modelBytes({
      inputs: [valueInfo('x', 'float32', [null, 2])],
      outputs: [sequenceInfo('za'), sequenceInfo('zb'), valueInfo('b', 'float32', [null, 2]), sequenceInfo('zc')],
      nodes: [
        node('Softmax', ['x'], ['a']),
        node('Relu', ['x'], ['b']),
        zipMap('a', 'za', ['no', 'yes']),
        zipMap('b', 'zb', ['no', 'yes']),
        zipMap('a', 'zc', ['no', 'yes']),
      ],
    });
    const after = removed(bytes);
    expect(graphOf(after).outputs).toEqual([
      { name: 'a', kind: 'tensor', dataType: 1, shape: [null, 2] },
      { name: 'b', kind: 'tensor', dataType: 1, shape: [null, 2] },
    ]);
    const signature = readSignature(bytes);
    expect(signature).toMatchObject({
      ok: true,
      value: {
        classes: ['no', 'yes'],
        outputs: [
          { name: 'a', role: 'probabilities' },
          { name: 'b', role: 'value' },
        ],
      },
    });
  });

  it('leaves a ZipMap alone whose result another node uses, and the signature says why it cannot be served', () => {
    const bytes = modelBytes({
      inputs: [valueInfo('x', 'float32', [null, 2])],
      outputs: [sequenceInfo('out')],
      nodes: [zipMap('x', 'z', ['no', 'yes']), node('Identity', ['z'], ['out'])],
    });
    expect(removed(bytes)).toBe(bytes);
    expect(readSignature(bytes)).toMatchObject({
      ok: false,
      rejection: { code: 'unsupported_model', detail: "output 'out' is a sequence; only tensors can be served" },
    });
  });
});
