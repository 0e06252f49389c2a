import { expect, it } from '@jest/globals';
import { encodeTextHashes } from '#libs/kernel/index.js';
import { otherCategories } from './other-categories.js';

it('hashes of categories are words of four bytes', () => {
  expect(otherCategories.safeParse({ hashes: encodeTextHashes(['a', 'b']), once: 1 }).success).toBe(true);
  for (const hashes of ['AAA=', 'no base64!'])
    expect(otherCategories.safeParse({ hashes, once: 1 }).success).toBe(false);
});
