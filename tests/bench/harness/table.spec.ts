import { describe, expect, it } from '@jest/globals';
import { summarise } from './summary.js';
import { figure, renderTable } from './table.js';

describe('figure', () => {
  it('keeps three significant digits, and marks thousands', () => {
    expect([0, 0.012345, 1.5, 12.345, 99.96, 123.4, 48873.7].map(figure)).toEqual([
      '0',
      '0.0123',
      '1.5',
      '12.3',
      '100',
      '123',
      '48,874',
    ]);
    expect(figure(NaN)).toBe('none');
  });
});

describe('renderTable', () => {
  it('aligns columns, leaves out empty ones and states what limits or spoils a row', () => {
    const rows = summarise([
      { name: 'raw tcp', samples: [{ value: 60_000 }] },
      { name: 'echo', ceiling: 'raw tcp', samples: [{ value: 40_000 }] },
      {
        name: 'predict',
        against: 'echo',
        ceiling: 'raw tcp',
        samples: [{ value: 26_000, cpuMicros: { server: 31 }, failures: { count: 2, first: '503: busy' } }],
      },
    ]);
    expect(renderTable('requests/s', rows)).toBe(
      [
        '         requests/s                ratio  to    CPU µs each',
        'raw tcp      60,000',
        'echo         40,000                                          generator-bound',
        'predict      26,000  0.65 (0.65 to 0.65)  echo    server 31  2 FAILED (503: busy)',
      ].join('\n'),
    );
  });
});
