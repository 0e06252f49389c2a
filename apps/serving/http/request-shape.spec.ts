import { describe, expect, it } from '@jest/globals';
import { api } from '#libs/contracts/index.js';
import fc from 'fast-check';
import { explainBatch, explainPredict, namedDeployment, readBatch, readPredict } from './request-shape.js';

const parsed = (json: string): unknown => JSON.parse(json);

describe('a predict body', () => {
  it('is read with everything the contract allows', () => {
    const body = parsed('{"deployment":"d","input":{"a":1},"request_id":"r","routing_key":"k","subject_id":"s"}');
    expect(readPredict(body)).toMatchObject({
      deployment: 'd',
      input: { a: 1 },
      requestId: 'r',
      routingKey: 'k',
      subjectId: 's',
    });
  });

  it.each([
    ['{}', 'deployment'],
    ['{"deployment":"d"}', 'input'],
    ['{"deployment":1,"input":{}}', 'deployment'],
    ['{"deployment":"","input":{}}', 'deployment'],
    ['{"deployment":"d","input":[1]}', 'input'],
    ['{"deployment":"d","input":null}', 'input'],
    ['{"deployment":"d","input":"NaN"}', 'input'],
    ['{"deployment":"d","input":{},"request_id":""}', 'request_id'],
    ['{"deployment":"d","input":{},"request_id":null}', 'request_id'],
    [`{"deployment":"d","input":{},"subject_id":"${'x'.repeat(257)}"}`, 'subject_id'],
    ['{"deployment":"d","input":{},"routing_key":{"a":1}}', 'routing_key'],
    ['{"deployment":"d","input":{},"color":1}', 'color'],
    ['{"deployment":"d","input":{},"__proto__":{"x":1}}', '__proto__'],
    ['{"deployment":"d","input":{},"constructor":1}', 'constructor'],
  ])('%s is refused, naming %s', (json, path) => {
    const body = parsed(json);
    expect(readPredict(body)).toBeNull();
    const refusal = explainPredict(body);
    expect(refusal.code).toBe('invalid_request');
    expect(refusal.errors!.map((error) => error.path)).toContain(path);
    expect(refusal.detail).not.toBe('');
  });

  it.each(['[]', '1', '"x"', 'null', 'true'])('%s is no body at all', (json) => {
    expect(readPredict(parsed(json))).toBeNull();
    expect(explainPredict(parsed(json)).code).toBe('malformed_body');
  });

  it('with a name twice has the last one, as JSON.parse says', () => {
    expect(readPredict(parsed('{"deployment":"a","deployment":"b","input":{}}'))).toMatchObject({ deployment: 'b' });
  });

  it('passes features on untouched: huge numbers, nesting, a member named __proto__', () => {
    const body = readPredict(parsed('{"deployment":"d","input":{"a":1e999,"b":[[1]],"__proto__":{"c":1}}}'))!;
    expect(Object.keys(body.input)).toEqual(['a', 'b', '__proto__']);
    expect(Object.getPrototypeOf(body.input)).toBe(Object.prototype);
  });

  it('is taken exactly where the contract takes it', () => {
    const text = fc.oneof(fc.constantFrom('', 'd', 'x'.repeat(256), 'x'.repeat(257)), fc.string());
    const body = fc.oneof(
      fc.jsonValue(),
      fc.record(
        {
          deployment: fc.oneof(fc.constantFrom('d', 'a b', 'churn-2'), fc.integer()),
          input: fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue()),
          request_id: fc.oneof(text, fc.constant(null)),
          subject_id: text,
          routing_key: text,
        },
        { requiredKeys: [] },
      ),
    );
    fc.assert(
      fc.property(body, (value) => {
        const own = JSON.parse(JSON.stringify(value)) as unknown;
        expect(readPredict(own) !== null).toBe(api.predict.safeParse(own).success);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a batch body', () => {
  it('is read; rows are not looked at', () => {
    expect(readBatch({ deployment: 'd', inputs: [{ a: 1 }, 7] })).toMatchObject({ inputs: [{ a: 1 }, 7] });
  });

  it('of no rows, of too many, or of something else is refused with its own code', () => {
    const many = { deployment: 'd', inputs: new Array(10_001).fill({}) };
    for (const [body, code] of [
      [{ deployment: 'd', inputs: [] }, 'empty_batch'],
      [many, 'payload_too_large'],
      [{ deployment: 'd', inputs: {} }, 'invalid_request'],
      [{ deployment: 'd' }, 'invalid_request'],
      [[], 'malformed_body'],
    ] as const) {
      expect(readBatch(body)).toBeNull();
      expect(explainBatch(body).code).toBe(code);
    }
  });

  it('lists at most 20 errors', () => {
    const inputs = new Array(10_000).fill(1);
    expect(explainBatch({ deployment: 'd', inputs, color: 1 }).errors).toHaveLength(20);
  });
});

describe('the deployment that a refused body names', () => {
  it('is its own member only', () => {
    expect(namedDeployment({ deployment: 'd', input: 1 })).toBe('d');
    for (const body of [null, [], 'd', {}, { deployment: 1 }, Object.create({ deployment: 'd' })])
      expect(namedDeployment(body)).toBeUndefined();
  });
});
