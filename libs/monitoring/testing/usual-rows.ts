import { referenceOfRows, type Rows } from './messages.js';
import { normals, texts, uniforms } from './numbers.js';

/** Rows of a classifier with three features. @param mean of `age`, 0 in the reference */
export const rowsOf = (count: number, seed = 1, mean = 0): Rows => ({
  features: {
    age: normals(count, seed, mean),
    income: normals(count, seed + 1000),
    plan: texts(count, seed, ['a', 'b']),
  },
  probability: uniforms(count, seed),
});

export const usualReference = referenceOfRows(rowsOf(3000, 99));
