import { describe, expect, it } from '@jest/globals';
import { mergeMetrics } from './merge-metrics.js';

describe('mergeMetrics', () => {
  it('keeps the samples of a family together under one head', () => {
    const own = '# HELP a Help.\n# TYPE a counter\na{p="1"} 1\n\n# HELP b Help.\n# TYPE b gauge\nb 2\n';
    const other = '# HELP c Help.\n# TYPE c gauge\nc 3\n\n# HELP a Other help.\n# TYPE a counter\na{p="2"} 4\n';
    expect(mergeMetrics(own, other)).toBe(
      '# HELP a Help.\n# TYPE a counter\na{p="1"} 1\na{p="2"} 4\n\n' +
        '# HELP b Help.\n# TYPE b gauge\nb 2\n\n# HELP c Help.\n# TYPE c gauge\nc 3\n',
    );
  });

  it('keeps samples that stand under no head', () => {
    expect(mergeMetrics('lonely 1\nsecond 2\n', '')).toContain('lonely 1\nsecond 2');
  });
});
