import { describe, expect, it } from '@jest/globals';
import { gauges } from './gauges.js';

const exposition = `# HELP a_metric Something
# TYPE a_metric gauge
a_metric{projection="registry",stream="EVENTS"} 12 1700000000000
a_metric{projection="odd \\"name\\"\\\\\\n"} 1.5e3
a_metric_other{projection="registry"} 7
broken{x="1"} many
`;

describe('gauges', () => {
  it('reads the samples of one metric with their labels', () => {
    expect(gauges(exposition)('a_metric')).toEqual([
      { labels: { projection: 'registry', stream: 'EVENTS' }, value: 12 },
      { labels: { projection: 'odd "name"\\\n' }, value: 1500 },
    ]);
  });

  it('knows nothing of what is not there or is no number', () => {
    expect(gauges(exposition)('a')).toEqual([]);
    expect(gauges(exposition)('broken')).toEqual([]);
  });
});
