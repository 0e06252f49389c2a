import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout this file lies in: `<checkout>/apps/platform/bootstrap/checkout.mjs`. */
export const checkout = join(dirname(fileURLToPath(import.meta.url)), '../../..');

/** @param {string[]} parts */
export const inCheckout = (...parts) => join(checkout, ...parts);
