import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { attribute, modelBytes, node, readSignature, removeZipMap, tensor, valueInfo } from './index.js';

const fixture = (path: string): Uint8Array =>
  readFileSync(new URL(`../../tests/fixtures/models/${path}`, import.meta.url));

const rejectionOf = (bytes: Uint8Array) => {
  const read = readSignature(bytes);
  return read.ok ? null : read.rejection;
};

describe('bytes that are not ONNX', () => {
  it.each([
    ['nothing', '', '0 bytes'],
    ['a PyTorch archive', 'PK\u0003\u0004\u0014\u0000archive/data.pkl', 'a zip archive'],
    ['a pickle', '\u0080\u0004\u0095\u0010\u0000sklearn.ensemble', 'a Python pickle'],
    ['an HDF5 file', '\u0089HDF\r\n\u001a\n', 'an HDF5 file'],
    ['gzip', '\u001f\u008b\u0008\u0000', 'gzip-compressed data'],
    ['a NumPy array', '\u0093NUMPY\u0001\u0000', 'a NumPy array'],
    ['Parquet', 'PAR1\u0015\u0004', 'a Parquet file'],
    ['a LightGBM text model', 'tree\nversion=v4\nnum_class=1', 'a LightGBM text model'],
    ['a TensorFlow Lite model', '\u001c\u0000\u0000\u0000TFL3', 'a TensorFlow Lite model'],
    ['an .ort file', '\u0020\u0000\u0000\u0000ORTM', '.ort format'],
    ['XGBoost JSON', '{"learner":{}}', 'JSON text'],
    ['a web page', '<!DOCTYPE html><html>', 'an HTML or XML page'],
    ['safetensors', '\u0040\u0000\u0000\u0000\u0000\u0000\u0000\u0000{"w":{}}', 'a safetensors file'],
    ['an empty protobuf list', '\u0042\u0000', 'no graph'],
  ])('%s is named', (_, text, expected) => {
    expect(rejectionOf(Buffer.from(text, 'latin1'))).toMatchObject({
      code: 'not_onnx',
      detail: expect.stringContaining(expected),
    });
  });

  it('is refused, never thrown, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(rejectionOf(bytes)).toMatchObject({ code: 'not_onnx' });
        expect(removeZipMap(bytes).ok).toBe(false);
      }),
    );
  });

  it('is refused, never thrown, when a real model is cut anywhere', () => {
    const whole = fixture('mixed-pipeline/model.onnx');
    const graphEnds = whole.length - 40;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: graphEnds }), (length) => {
        expect(rejectionOf(whole.subarray(0, length))).toMatchObject({ code: 'not_onnx' });
      }),
    );
    expect(rejectionOf(whole.subarray(0, 700))?.detail).toMatch(/the bytes end within.*\(a truncated file\?\)/);
  });

  it('is read or refused, never thrown, when bytes of a real model change', () => {
    const whole = fixture('mixed-pipeline/model.onnx');
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = Uint8Array.from(whole);
        damaged[at] = damaged[at]! ^ change;
        const read = readSignature(damaged);
        if (!read.ok) expect(read.rejection.detail).not.toBe('');
      }),
      { numRuns: 500 },
    );
  });
});

describe('external data', () => {
  it('is refused with the name of the tensor', () => {
    expect(rejectionOf(fixture('bad/external-data.onnx'))).toEqual({
      code: 'external_data',
      detail: expect.stringContaining("'layer.weight'"),
    });
  });

  it('is found in a constant within a branch', () => {
    const location = Uint8Array.from([0x70, 0x01]);
    const inner = tensor.float32('hidden', [1], [1]);
    const external = Buffer.concat([inner, location]);
    const held = Buffer.concat([Buffer.from([0x2a, external.length]), external]);
    const constant = node('Constant', [], ['c'], [Buffer.concat([attribute.strings('value', []), held])]);
    const branch = Buffer.concat([Buffer.from([0x0a, constant.length]), constant]);
    const bytes = modelBytes({
      inputs: [valueInfo('x', 'float32', [null, 1])],
      outputs: [valueInfo('y', 'float32', [null, 1])],
      nodes: [node('If', ['x'], ['y'], [attribute.graph('then_branch', branch)])],
    });
    expect(rejectionOf(bytes)).toMatchObject({ code: 'external_data', detail: expect.stringContaining("'hidden'") });
  });
});
