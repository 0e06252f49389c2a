import { randomAt } from '../../hash.js';

/** Standard normal numbers of a seed (Box and Muller). */
export const normals = (count: number, seed: number): Float64Array =>
  Float64Array.from({ length: count }, (_, at) => {
    const radius = Math.sqrt(-2 * Math.log(1 - randomAt(seed, 2 * at)));
    return radius * Math.cos(2 * Math.PI * randomAt(seed, 2 * at + 1));
  });
