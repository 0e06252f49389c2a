import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Feature, Signature, TensorType } from '#libs/contracts/index.js';
import { InputBatch, rowEncoder } from './index.js';

/** One float matrix with the given feature names. */
function matrix(names: readonly string[], nullable: readonly string[] = [], type: TensorType = 'float32'): Signature {
  return {
    inputs: [{ name: 'x', type, shape: [null, names.length] }],
    outputs: [{ name: 'y', type: 'float32', shape: [null, 1], role: 'value' }],
    features: names.map((name, index) => ({ name, type, nullable: nullable.includes(name), input: 'x', index })),
  };
}

/** One input per feature. */
function columns(features: readonly (Pick<Feature, 'name' | 'type'> & Partial<Feature>)[]): Signature {
  return {
    inputs: features.map(({ name, type, shape }) => ({ name, type, shape: [null, ...(shape ?? [1])] })),
    outputs: [{ name: 'y', type: 'float32', shape: [null, 1], role: 'value' }],
    features: features.map((feature) => ({
      nullable: false,
      input: feature.name,
      index: feature.shape === undefined ? 0 : null,
      ...feature,
    })),
  };
}

function encode(signature: Signature, json: string) {
  const encoder = rowEncoder(signature);
  const batch = new InputBatch(encoder.inputColumns);
  const refusal = encoder.encode(JSON.parse(json), batch, 0);
  return refusal ?? batch.view(0, 1).map(({ data }) => [...data]);
}

describe('a matrix of floats', () => {
  const signature = matrix(['a', 'b', 'c'], ['c']);

  it.each([
    ['{"a":1,"b":-2.5,"c":0.1}', [1, -2.5, Math.fround(0.1)]],
    ['{"c":3,"a":1,"b":2}', [1, 2, 3]],
    ['{"a":1,"b":2,"c":null}', [1, 2, NaN]],
    ['{"b":2,"a":1}', [1, 2, NaN]],
    ['{"a":1e-300,"b":-0,"c":3.4028234663852886e38}', [0, -0, 3.4028234663852886e38]],
  ])('takes %s', (json, expected) => {
    expect(encode(signature, json)).toEqual([expected]);
  });

  it.each([
    ['{"a":1}', 'missing_feature', ['b'], "missing feature 'b': expected a number"],
    [
      '{}',
      'missing_feature',
      ['a', 'b'],
      "missing feature 'a': expected a number; missing feature 'b': expected a number",
    ],
    ['{"a":1,"b":null,"c":1}', 'null_feature', ['b'], "feature 'b': expected a number, got null"],
    ['{"a":1,"b":2,"d":1}', 'unknown_feature', ['d'], "unknown feature 'd'"],
    ['{"a":1,"b":2,"c":3,"__proto__":1}', 'unknown_feature', ['__proto__'], "unknown feature '__proto__'"],
    ['{"a":1,"b":2,"c":3,"constructor":1}', 'unknown_feature', ['constructor'], "unknown feature 'constructor'"],
    ['{"a":1,"b":"2"}', 'ill_typed_feature', ['b'], "feature 'b': expected a number, got a string"],
    ['{"a":"NaN","b":2}', 'ill_typed_feature', ['a'], "feature 'a': expected a number, got a string"],
    ['{"a":true,"b":2}', 'ill_typed_feature', ['a'], "feature 'a': expected a number, got true"],
    ['{"a":[1],"b":2}', 'ill_typed_feature', ['a'], "feature 'a': expected a number, got an array"],
    ['{"a":1,"b":2,"c":{}}', 'ill_typed_feature', ['c'], "feature 'c': expected a number or null, got an object"],
    ['{"a":1e999,"b":2}', 'not_finite', ['a'], "feature 'a': expected a number, got one that is not finite"],
    [
      '{"a":1e300,"b":2}',
      'out_of_range',
      ['a'],
      "feature 'a': expected a number that float32 can hold, of magnitude up to 3.4028234663852886e+38",
    ],
    ['null', 'not_an_object', [''], 'expected an object of features by name, got null'],
    ['[1,2,3]', 'not_an_object', [''], 'expected an object of features by name, got an array'],
    ['7', 'not_an_object', [''], 'expected an object of features by name, got a number'],
  ])('refuses %s as %s', (json, code, features, message) => {
    expect(encode(signature, json)).toMatchObject({ code, features, message });
  });

  it('names everything that is wrong with a row, absent before unknown', () => {
    expect(encode(signature, '{"A":1,"b":"x"}')).toEqual({
      code: 'missing_feature',
      features: ['a'],
      message:
        "missing feature 'a': expected a number; feature 'b': expected a number, got a string; unknown feature 'A'",
      problems: [
        { code: 'missing_feature', feature: 'a', message: "missing feature 'a': expected a number" },
        { code: 'ill_typed_feature', feature: 'b', message: "feature 'b': expected a number, got a string" },
        { code: 'unknown_feature', feature: 'A', message: "unknown feature 'A'" },
      ],
      problemCount: 3,
    });
  });

  it('lists a bounded number of problems with names of bounded length', () => {
    const row = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`${'x'.repeat(500)}${index}`, 1]));
    const refusal = encode(signature, JSON.stringify({ a: 1, b: 2, ...row }));
    expect(refusal).toMatchObject({ problemCount: 1000, message: expect.stringMatching(/and 980 more$/) });
    expect(JSON.stringify(refusal).length).toBeLessThan(20_000);
  });

  it.each(['__proto__', 'constructor', 'toString', '0', 'a b'])('may call a feature %s', (name) => {
    const odd = matrix([name, 'b']);
    expect(encode(odd, `{"b":2,"${name}":1}`)).toEqual([[1, 2]]);
    expect(encode(odd, '{"b":2}')).toMatchObject({ code: 'missing_feature', features: [name] });
    expect(encode(matrix([name, 'b'], [name]), '{"b":2}')).toEqual([[NaN, 2]]);
  });

  it('keeps earlier rows when the batch grows and overwrites a refused row', () => {
    const encoder = rowEncoder(signature);
    const batch = new InputBatch(encoder.inputColumns, 1);
    for (let row = 0; row < 100; row++) {
      expect(encoder.encode({ a: row, b: 'no' }, batch, row)).not.toBeNull();
      expect(encoder.encode({ a: row, b: 1, c: 2 }, batch, row)).toBeNull();
    }
    const [column] = batch.view(0, 100);
    expect([...column!.data]).toEqual(Array.from({ length: 100 }, (_, row) => [row, 1, 2]).flat());
  });

  it('takes a row in any order and refuses it with any one feature gone, at any width', () => {
    const row = fc.dictionary(fc.string({ minLength: 1 }), fc.float({ noNaN: true, noDefaultInfinity: true }), {
      minKeys: 1,
    });
    fc.assert(
      fc.property(row, fc.nat(), (values, pick) => {
        const names = Object.keys(values);
        const wide = matrix(names);
        const backwards = Object.fromEntries(Object.entries(values).reverse());
        expect(encode(wide, JSON.stringify(backwards))).toEqual([names.map((name) => values[name]! + 0)]);
        const gone = names[pick % names.length]!;
        const rest = Object.fromEntries(Object.entries(values).filter(([name]) => name !== gone));
        expect(encode(wide, JSON.stringify(rest))).toMatchObject({ code: 'missing_feature' });
      }),
    );
  });
});

describe('other types', () => {
  it.each<[TensorType, string, unknown]>([
    ['float64', '1e300', 1e300],
    ['int64', '9007199254740991', 9007199254740991n],
    ['int64', '-3.0', -3n],
    ['int32', '-2147483648', -2147483648],
    ['int16', '32767', 32767],
    ['int8', '-128', -128],
    ['uint8', '255', 255],
    ['bool', 'true', 1],
    ['bool', 'false', 0],
    ['string', '"käse 🧀"', 'käse 🧀'],
    ['string', '""', ''],
  ])('%s takes %s', (type, json, expected) => {
    expect(encode(columns([{ name: 'v', type }]), `{"v":${json}}`)).toEqual([[expected]]);
  });

  it.each<[TensorType, string, string, string]>([
    ['float64', '1e999', 'not_finite', 'expected a number, got one that is not finite'],
    ['float64', '"1"', 'ill_typed_feature', 'expected a number, got a string'],
    ['int64', '9007199254740992', 'out_of_range', 'an integer from -9007199254740991 to 9007199254740991'],
    ['int64', '1.5', 'not_integral', 'expected an integer, got a number with a fraction'],
    ['int64', '1e999', 'not_finite', 'got one that is not finite'],
    ['int64', '"1"', 'ill_typed_feature', 'expected an integer, got a string'],
    ['int32', '2147483648', 'out_of_range', 'an integer from -2147483648 to 2147483647'],
    ['int8', '128', 'out_of_range', 'an integer from -128 to 127'],
    ['uint8', '-1', 'out_of_range', 'an integer from 0 to 255'],
    ['bool', '1', 'ill_typed_feature', 'expected true or false, got a number'],
    ['string', '"a\\u0000b"', 'ill_typed_feature', 'expected a string, got one with the character U+0000'],
    ['string', '1', 'ill_typed_feature', 'expected a string, got a number'],
    ['string', 'null', 'null_feature', 'expected a string, got null'],
  ])('%s refuses %s', (type, json, code, detail) => {
    const refusal = encode(columns([{ name: 'v', type }]), `{"v":${json}}`);
    expect(refusal).toMatchObject({ code, features: ['v'], message: expect.stringContaining(detail) });
  });

  it('go to inputs of their own, whatever the order of the row', () => {
    const mixed = columns([
      { name: 's', type: 'string' },
      { name: 'n', type: 'float32', nullable: true },
      { name: 'i', type: 'int64' },
    ]);
    expect(encode(mixed, '{"i":4,"s":"x"}')).toEqual([['x'], [NaN], [4n]]);
  });

  it.each(['{"s":null}', '{}', '{"s":""}'])('take the empty text for a missing one: %s', (json) => {
    const strings = columns([{ name: 's', type: 'string', nullable: true }]);
    expect(encode(strings, json)).toEqual([['']]);
  });

  it('overwrite what an earlier row left where a text is missing', () => {
    const encoder = rowEncoder(columns([{ name: 's', type: 'string', nullable: true }]));
    const batch = new InputBatch(encoder.inputColumns);
    for (const row of [{ s: 'before' }, {}]) expect(encoder.encode(row, batch, 0)).toBeNull();
    expect(batch.view(0, 1)[0]?.data).toEqual(['']);
  });

  it('say that a nullable text may be null', () => {
    const strings = columns([{ name: 's', type: 'string', nullable: true }]);
    expect(encode(strings, '{"s":1}')).toMatchObject({
      message: "feature 's': expected a string or null, got a number",
    });
  });
});

describe('shaped features', () => {
  const image = columns([{ name: 'image', type: 'float32', shape: [2, 2] }]);
  const holes = columns([{ name: 'image', type: 'float32', shape: [2, 2], nullable: true }]);

  it('are nested arrays of exactly the shape', () => {
    expect(encode(image, '{"image":[[1,2],[3,4]]}')).toEqual([[1, 2, 3, 4]]);
    expect(encode(holes, '{"image":[[1,null],[3,4]]}')).toEqual([[1, NaN, 3, 4]]);
    expect(encode(holes, '{}')).toEqual([[NaN, NaN, NaN, NaN]]);
    const words = columns([{ name: 'words', type: 'string', shape: [2], nullable: true }]);
    expect(encode(words, '{"words":["a",null]}')).toEqual([['a', '']]);
    expect(encode(words, '{}')).toEqual([['', '']]);
  });

  it.each([
    ['[1,2,3,4]', 'wrong_shape', 'another length'],
    ['[[1,2],[3]]', 'wrong_shape', 'another length'],
    ['[[1,2],3]', 'ill_typed_feature', 'an element is something else'],
    ['[[1,2],[3,"4"]]', 'ill_typed_feature', 'an element is something else'],
    ['[[1,2],[3,[4]]]', 'ill_typed_feature', 'an element is something else'],
    ['[[1,2],[3,1e999]]', 'not_finite', 'not finite'],
    ['5', 'ill_typed_feature', 'expected an array of shape [2, 2] of numbers, got a number'],
    ['null', 'null_feature', 'got null'],
    ['[[1,2],[3,null]]', 'null_feature', 'an element is null'],
  ])('refuse %s', (json, code, detail) => {
    expect(encode(image, `{"image":${json}}`)).toMatchObject({ code, message: expect.stringContaining(detail) });
  });
});

it('describes its columns as a recorded chunk does', () => {
  const signature = columns([
    { name: 's', type: 'string' },
    { name: 'image', type: 'uint8', shape: [3, 2] },
  ]);
  expect(rowEncoder(signature).inputColumns).toEqual([
    { name: 's', type: 'string', width: 1, features: ['s'] },
    { name: 'image', type: 'uint8', width: 6, features: ['image'], shape: [3, 2] },
  ]);
});

it('refuses a signature whose feature has no input', () => {
  const signature = matrix(['a']);
  const lost = { ...signature, features: [{ ...signature.features[0]!, input: 'z' }] };
  expect(() => rowEncoder(lost)).toThrow("feature 'a': the signature has no input 'z'");
});
