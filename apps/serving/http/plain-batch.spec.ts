import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Signature } from '#libs/contracts/index.js';
import { jsonRowReader } from '#libs/inference/index.js';
import { parseJson } from './read-body.js';
import { readPlainBatch } from './plain-batch.js';
import { readBatch } from './request-shape.js';

const signature: Signature = {
  inputs: [{ name: 'x', type: 'float32', shape: [null, 2] }],
  outputs: [{ name: 'y', type: 'float32', shape: [null, 1], role: 'value' }],
  features: ['a', 'b'].map((name, index) => ({ name, type: 'float32', nullable: false, input: 'x', index })),
};
const reader = jsonRowReader(signature);
const rowsText = JSON.stringify(Array.from({ length: 400 }, (_, row) => ({ a: row, b: row / 8 })));

const read = (text: string, encoding: BufferEncoding = 'utf8') =>
  readPlainBatch(Buffer.from(text, encoding), (deployment) => (deployment === 'churn' ? reader : undefined));

describe('a plain batch', () => {
  it('is read with its traits, wherever they stand', () => {
    const found = read(`{ "request_id":"r", "deployment" : "churn", "inputs" : ${rowsText}, "subject_id":"s" }\n`);
    expect(found).toMatchObject({ deployment: 'churn', rows: 400, requestId: 'r', subjectId: 's' });
    expect([...found!.columns[0]!.data].slice(-2)).toEqual([399, 399 / 8]);
  });

  it.each([
    ['a short one', '{"deployment":"churn","inputs":[{"a":1,"b":2}]}'],
    ['another deployment', `{"deployment":"fraud","inputs":${rowsText}}`],
    ['the deployment behind the rows', `{"inputs":${rowsText},"deployment":"churn"}`],
    ['no deployment', `{"inputs":${rowsText}}`],
    ['an unknown field', `{"deployment":"churn","inputs":${rowsText},"input":1}`],
    ['a trait of the wrong type', `{"deployment":"churn","inputs":${rowsText},"request_id":1}`],
    ['inputs twice', `{"deployment":"churn","inputs":${rowsText},"inputs":[{"a":1,"b":2}]}`],
    ['inputs twice, once escaped', `{"deployment":"churn","inputs":${rowsText},"\\u0069nputs":[{"a":1,"b":2}]}`],
    ['inputs in front of them, escaped', `{"deployment":"churn","\\u0069nputs":[],"inputs":${rowsText}}`],
    ['inputs within another field', `{"deployment":"churn","x":{"inputs":${rowsText}}}`],
    ['inputs within a text', `{"deployment":"churn","request_id":"\\"inputs\\":${rowsText.replaceAll('"', '\\"')}"}`],
    ['another deployment behind the rows', `{"deployment":"churn","inputs":${rowsText},"deployment":"fraud"}`],
    ['a body that goes on', `{"deployment":"churn","inputs":${rowsText}}}`],
    ['a body that ends', `{"deployment":"churn","inputs":${rowsText}`],
    ['more rows than may be', `{"deployment":"churn","inputs":[${new Array(10_001).fill('{"a":1,"b":2}').join(',')}]}`],
    ['a name outside ASCII', `{"deployment":"churn","inputs":${rowsText},"request_id":"ü"}`],
  ])('is not %s', (_what, text) => {
    expect(read(text)).toBeNull();
  });

  it('of bytes that are no UTF-8 is none', () => {
    expect(read(`{"deployment":"churn","inputs":${rowsText},"request_id":"\xff"}`, 'latin1')).toBeNull();
  });

  it('says what parsing says, whatever is done to a body', () => {
    const whole = `{"deployment":"churn","request_id":"r","inputs":${rowsText},"routing_key":"k"}`;
    const pieces = ['"', '\\', '{', '}', '[', ']', ',', ':', '0', '-', '"inputs":[{"a":1,"b":2}]', ' ', '1e3', 'null'];
    const edit = fc.record({
      ...{ at: fc.nat(whole.length), cut: fc.nat(12), text: fc.constantFrom('', ...pieces) },
    });
    const near = (at: number): number => (at % 3 === 0 ? at % 80 : at % 3 === 1 ? whole.length - (at % 80) : at);
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 2 }), (edits) => {
        let text = whole;
        for (const { at, cut, text: piece } of edits) {
          const from = near(at);
          text = text.slice(0, from) + piece + text.slice(from + cut);
        }
        const plain = read(text);
        if (plain === null) return;
        const parsed = parseJson(Buffer.from(text));
        const body = parsed.ok ? readBatch(parsed.value) : null;
        const { columns, rows, reader: _reader, ...traits } = plain;
        const { inputs, ...expected } = body!;
        expect(traits).toEqual(expected);
        expect(rows).toBe(inputs.length);
        const given = inputs as readonly { a: number; b: number }[];
        expect([...columns[0]!.data]).toEqual(given.flatMap(({ a, b }) => [Math.fround(a), Math.fround(b)]));
      }),
      { numRuns: 200 },
    );
  });
});
