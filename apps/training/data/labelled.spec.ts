import { describe, expect, it } from '@jest/globals';
import type { Table } from '#libs/contracts/index.js';
import { at, labelledRows, targetOf } from './labelled.js';

const table: Table = {
  rows: 4,
  columns: [
    { name: 'colour', type: 'category', codes: Int32Array.of(1, -1, 0, 1), dictionary: ['red', 'blue'] },
    { name: 'grade', type: 'integer', values: Float64Array.of(3, 1, Number.NaN, 3) },
    { name: 'sold', type: 'boolean', values: Float64Array.of(1, 0, 1, Number.NaN) },
    { name: 'price', type: 'numeric', values: Float64Array.of(1.5, Number.NaN, 2, 0) },
  ],
};

describe('targetOf', () => {
  it('numbers the classes of text, integers and booleans in the order given', () => {
    expect([...targetOf(table, 'colour', ['blue', 'red'])]).toEqual([0, Number.NaN, 1, 0]);
    expect([...targetOf(table, 'grade', [1, 3])]).toEqual([1, 0, Number.NaN, 1]);
    expect([...targetOf(table, 'sold', ['false', 'true'])]).toEqual([1, 0, 1, Number.NaN]);
  });

  it('takes the values of a regression as they are', () => {
    expect([...targetOf(table, 'price', null)]).toEqual([1.5, Number.NaN, 2, 0]);
    expect(() => targetOf(table, 'colour', null)).toThrow("'colour' is text");
    expect(() => targetOf(table, 'size', null)).toThrow("no column 'size'");
  });

  it('leaves rows without a label out', () => {
    const target = targetOf(table, 'price', null);
    const rows = labelledRows(target);
    expect([...rows]).toEqual([0, 2, 3]);
    expect([...at(target, rows)]).toEqual([1.5, 2, 0]);
  });
});
