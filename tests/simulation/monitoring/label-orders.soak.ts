import { expect, it } from '@jest/globals';
import { firstDisagreement } from './label-orders.js';

it.each([1, 2, 3, 4, 5])(
  '10,000 orders of late, doubled and corrected labels give the same final metrics (%i)',
  (seed) => {
    expect(firstDisagreement(2000, seed)).toBeNull();
  },
);
