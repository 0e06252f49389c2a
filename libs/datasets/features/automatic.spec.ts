import { describe, expect, it } from '@jest/globals';
import { featurePipeline, type ColumnType } from '#libs/contracts/index.js';
import { automaticPipeline } from './index.js';

const column = (name: string, type: ColumnType, nullable = false) => ({ name, type, nullable });

const schema = {
  columns: [
    column('price', 'numeric'),
    column('active', 'boolean'),
    column('age', 'integer', true),
    column('told', 'boolean', true),
    column('plan', 'category'),
    column('town', 'category', true),
    column('note', 'text'),
    column('street', 'text'),
    column('since', 'timestamp', true),
  ],
};
const all = schema.columns.map(({ name }) => name);
const profiles = Object.entries({
  price: 900,
  active: 2,
  age: 60,
  told: 2,
  plan: 3,
  town: 300,
  note: 5000,
  street: 700,
}).map(([name, distinct]) => ({ name, distinct }));

function pipelineOf(family: 'trees' | 'linear', features: readonly string[] = all) {
  const made = automaticPipeline(schema, features, profiles, family);
  if (!made.ok) throw new Error(made.rejection.detail);
  expect(featurePipeline.parse(made.value.pipeline)).toEqual(made.value.pipeline);
  return made.value;
}

describe('an automatic pipeline', () => {
  const parts = ['year', 'month', 'day', 'weekday', 'hour'];
  const ignored = [{ column: 'note', reason: 'is text of 5000 values, taken are at most 1000' }];

  it('for trees takes numbers as they are and categories of many values as means of the target', () => {
    expect(pipelineOf('trees')).toEqual({
      pipeline: [
        {
          type: 'numeric',
          columns: ['price', 'age', 'told', 'active'],
          impute: 'none',
          indicator: false,
          scale: 'none',
        },
        { type: 'one_hot', columns: ['plan'], min_count: 1, max_categories: 10 },
        { type: 'target', columns: ['town', 'street'], smoothing: 10, folds: 5 },
        { type: 'date_parts', columns: ['since'], parts, impute: 'none', scale: 'none' },
      ],
      ignored,
    });
  });

  it('for linear models leaves nothing missing and nothing unscaled', () => {
    expect(pipelineOf('linear')).toEqual({
      pipeline: [
        { type: 'numeric', columns: ['price', 'active'], impute: 'none', indicator: false, scale: 'standard' },
        { type: 'numeric', columns: ['age', 'told'], impute: 'mean', indicator: true, scale: 'standard' },
        { type: 'one_hot', columns: ['plan', 'town', 'street'], min_count: 1, max_categories: 100 },
        { type: 'date_parts', columns: ['since'], parts, impute: 'mean', scale: 'standard' },
      ],
      ignored,
    });
  });

  it('has the features that are asked for alone', () => {
    expect(pipelineOf('trees', ['plan']).pipeline.flatMap(({ columns }) => columns)).toEqual(['plan']);
  });

  it.each([
    [['ages'], "column 'ages': is not in the table, in features; did you mean 'age'?"],
    [['note'], "no column is left to learn from: 'note' is text of 5000 values, taken are at most 1000"],
    [[], 'no column is left to learn from'],
  ])('of %j is refused', (features, detail) => {
    expect(automaticPipeline(schema, features, profiles, 'trees')).toMatchObject({
      ok: false,
      rejection: { reason: 'unfit', detail },
    });
  });

  it('leaves out columns without a value, and texts that nothing is known about', () => {
    const without = automaticPipeline(schema, ['price', 'age', 'note'], [{ name: 'age', distinct: 0 }], 'trees');
    expect(without).toMatchObject({
      value: {
        pipeline: [{ columns: ['price'] }],
        ignored: [
          { column: 'age', reason: 'has no value' },
          { column: 'note', reason: 'is text of unknown many values, taken are at most 1000' },
        ],
      },
    });
  });
});
