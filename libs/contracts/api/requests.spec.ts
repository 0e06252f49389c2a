import { describe, expect, it } from '@jest/globals';
import type { z } from 'zod';
import { fieldErrorsOf } from '../problems.js';
import { deploy, eventsQuery, listQuery, registerModel, retire } from './index.js';

const artifact = `sha256:${'0'.repeat(64)}`;
const registration = { name: 'm', artifact };
const lone = 'a\ud800b';
const paths = (schema: z.ZodType, value: unknown) =>
  fieldErrorsOf(schema.safeParse(value).error!).map(({ path }) => path);
const messages = (schema: z.ZodType, value: unknown) =>
  fieldErrorsOf(schema.safeParse(value).error!).map(({ message }) => message);

describe('commands', () => {
  const signature = {
    inputs: [{ name: 'x', type: 'float32', shape: [null, 1] }],
    outputs: [{ name: 'y', type: 'float32', shape: [null, 1], role: 'value' }],
    features: [{ name: 'a', type: 'float32', nullable: false, input: 'x', index: 0 }],
  };
  it.each([lone, 'a\udc00', 'a\u0000b'])('refuse %j in every free text, by the name of its field', (text) => {
    const cases: [object, string][] = [
      [{ description: text }, 'description'],
      [{ task: text }, 'task'],
      [{ tags: { team: text } }, 'tags.team'],
      [{ tags: { [text]: 'x' } }, `tags.${text}`],
      [{ metrics: { [text]: 1 } }, `metrics.${text}`],
      [{ feature_names: ['a', text] }, 'feature_names.1'],
      [{ nullable: [text] }, 'nullable.0'],
      [{ lineage: { source: text } }, 'lineage.source'],
      [{ baseline: { artifact, format: text } }, 'baseline.format'],
      [{ signature: { ...signature, classes: ['a', text] } }, 'signature.classes.1'],
      [
        { signature: { ...signature, features: [{ ...signature.features[0], name: text }] } },
        'signature.features.0.name',
      ],
    ];
    for (const [fields, path] of cases) expect(paths(registerModel, { ...registration, ...fields })).toEqual([path]);
    expect(paths(retire, { reason: text })).toEqual(['reason']);
  });

  it('take whole pairs of surrogates', () => {
    const body = { ...registration, description: '\u{1F600}', tags: { '\u{1F600}': 'ü' }, signature };
    expect(registerModel.parse(body)).toEqual(body);
  });

  it('refuse unknown fields by their own names, nested ones too', () => {
    const body = {
      ...registration,
      other: 1,
      lineage: { datset: 'd' },
      baseline: { artifact, format: 'csv', rows: 1 },
    };
    expect(paths(registerModel, body).sort()).toEqual(['baseline.rows', 'lineage.datset', 'other']);
    const strategy = { type: 'direct', weight: 1 };
    expect(paths(deploy, { deployment: 'd', model: 'm@1.0.0', strategy })).toEqual(['strategy.weight']);
  });
});

describe('queries', () => {
  it.each(['0x10', '1e2', '', ' 5', '+5', '-1', '1.0', 'x'])('take no %j for a whole number', (limit) => {
    expect(messages(listQuery, { limit })).toEqual(['expected a whole number in decimal digits']);
    expect(messages(eventsQuery, { limit })).toEqual(['expected a whole number in decimal digits']);
  });

  it('take whole numbers within their bounds, and their defaults', () => {
    expect(listQuery.parse({ limit: '7', min_seq: '12' })).toEqual({ limit: 7, min_seq: 12 });
    expect(listQuery.parse({})).toEqual({ limit: 50 });
    expect(eventsQuery.parse({})).toEqual({ from_seq: 1, limit: 50 });
    expect(paths(listQuery, { limit: '501', min_seq: '0' })).toEqual(['min_seq', 'limit']);
  });

  it('say both forms of a moment', () => {
    expect(messages(listQuery, { as_of: 'yesterday' })).toEqual([expect.stringMatching(/ISO-8601.*seq:N/)]);
  });

  it('take types of events, and none of them empty', () => {
    expect(eventsQuery.parse({ types: 'A,B' })).toMatchObject({ types: ['A', 'B'] });
    for (const types of ['', ',', 'A,']) expect(paths(eventsQuery, { types })).toEqual(['types']);
  });
});
