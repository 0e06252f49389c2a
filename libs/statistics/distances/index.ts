/*
 * Public surface, each of two arrays of counts (or shares) over the same bins:
 *   jensenShannon(p, q, base?)           distance, 0 to 1
 *   psi(p, q, { emptyShare? })           population stability index
 *   kullbackLeibler(p, q, { emptyShare? })  divergence in nats
 *   hellinger(p, q), totalVariation(p, q)   distances, 0 to 1
 */
export type { EmptyBins } from './empty-bins.js';
export { hellinger } from './hellinger.js';
export { jensenShannon } from './jensen-shannon.js';
export { kullbackLeibler } from './kullback-leibler.js';
export { psi } from './psi.js';
export { totalVariation } from './total-variation.js';
