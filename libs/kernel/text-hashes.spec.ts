import { describe, expect, it } from '@jest/globals';
import { decodeTextHashes, encodeTextHashes, textHash } from './text-hashes.js';

describe('hashes of texts', () => {
  it('are the same for ever: baselines hold them', () => {
    expect(['', 'a', 'ATL', 'Zürich', '\u{1F600}'].map(textHash)).toEqual([
      ...[2872998923, 444641715, 670541581, 2490234560, 1787143206],
    ]);
  });

  it('come back ascending, whatever the order of the texts', () => {
    const texts = Array.from({ length: 1000 }, (_, index) => `category ${index}`);
    const hashes = decodeTextHashes(encodeTextHashes(texts.toReversed()));
    expect([...hashes]).toEqual(texts.map(textHash).sort((a, b) => a - b));
    expect(new Set(hashes).size).toBe(1000);
  });
});
