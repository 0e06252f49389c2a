import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hasMoreContainers, mostContainers } from './containers.js';
import { parseJson } from './read-body.js';

const containersIn = (value: unknown): number =>
  typeof value === 'object' && value !== null
    ? Object.values(value).reduce<number>((sum, each) => sum + containersIn(each), 1)
    : 0;

describe('the bound on arrays and objects of a body', () => {
  it('counts those of any JSON, and no brackets within texts', () => {
    const text = fc.oneof(fc.string(), fc.constantFrom('[', '{', '"[', '\\"[{', '\\', '\\\\"['));
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        text,
        fc.integer(),
        fc.array(tie('value'), { maxLength: 5 }),
        fc.dictionary(text, tie('value'), { maxKeys: 5 }),
      ),
    }));
    fc.assert(
      fc.property(value, (given) => {
        const containers = containersIn(given);
        const json = JSON.stringify(given);
        expect(hasMoreContainers(json, containers)).toBe(false);
        if (containers > 0) expect(hasMoreContainers(json, containers - 1)).toBe(true);
      }),
    );
  });

  it('refuses a body beyond it, nested or not, closed or not', () => {
    const refusal = {
      ok: false,
      rejection: {
        code: 'payload_too_large',
        detail: 'the body has more than 1000000 arrays and objects',
        errors: [{ path: 'body', message: 'expected at most 1000000 arrays and objects' }],
      },
    };
    for (const body of ['['.repeat(2 * mostContainers), `[${'{},'.repeat(mostContainers)}1]`])
      expect(parseJson(Buffer.from(body))).toEqual(refusal);
  });

  it('takes a text of as many brackets', () => {
    const text = '[{'.repeat(mostContainers);
    expect(parseJson(Buffer.from(JSON.stringify({ text })))).toEqual({ ok: true, value: { text } });
  });
});
