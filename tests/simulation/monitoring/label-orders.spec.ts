import { expect, it } from '@jest/globals';
import { firstDisagreement } from './label-orders.js';

it('late, doubled and corrected labels give the same final metrics in any order', () => {
  expect(firstDisagreement(25, 1)).toBeNull();
});
