import { describe, expect, it } from '@jest/globals';
import { openScreen, type Screen } from './screen.js';
import { columnWidths, lineOf, table } from './table.js';
import { day, percent, quantile, span } from './words.js';
import { wrapped } from './wrap.js';

/** What a screen writes. */
function written(isTTY: boolean, use: (screen: Screen) => void): string {
  let text = '';
  use(openScreen({ isTTY, write: (more) => (text += more) }));
  return text;
}

const someSteps = (screen: Screen): void => {
  for (const done of [0, 1, 2, 3, 4]) screen.progress(done, 4, `of ${done}`);
  screen.line('found');
  screen.settle();
  screen.progress(1, 2, 'next');
  screen.settle();
};

describe('a screen', () => {
  it('without a terminal has a line at each quarter, and starts anew with the next bar', () => {
    expect(written(false, someSteps)).toBe(
      ['   25 % of 1', '   50 % of 2', '   75 % of 3', '  100 % of 4', 'found', '   50 % next', ''].join('\n'),
    );
  });

  it('on a terminal draws over its bar, and lines go above it', () => {
    const bar = `  ${'█'.repeat(30)} 100 % of 4`;
    const text = written(true, someSteps);
    expect(text).toContain(`\r\u001b[K${bar}\r\u001b[Kfound\n${bar}\r\u001b[K`);
    expect(text).toContain(`  ${'█'.repeat(7)}${'░'.repeat(23)}  25 % of 1`);
    expect(text.endsWith('\r\u001b[K')).toBe(true);
  });

  it('has nothing left to do where there was nothing', () => {
    expect(
      written(true, (screen) => {
        screen.progress(0, 0, 'x');
      }),
    ).toContain('100 % x');
  });
});

describe('a line that is too long', () => {
  it('is cut between words, and goes on further in', () => {
    expect(wrapped('  one two three four', 11)).toEqual(['  one two', '      three', '      four']);
    expect(wrapped('  one two', 9)).toEqual(['  one two']);
    expect(wrapped('', 5)).toEqual(['']);
  });

  it('keeps a word that no line holds, and every word', () => {
    expect(wrapped('sha256:0123456789', 8)).toEqual(['sha256:0123456789']);
    expect(wrapped('a sha256:0123456789 b', 8)).toEqual(['a', '    sha256:0123456789', '    b']);
    const words = Array.from({ length: 60 }, (_, at) => 'x'.repeat(1 + ((7 * at) % 23)));
    for (let columns = 10; columns < 60; columns++) {
      const lines = wrapped(`   ${words.join(' ')}`, columns);
      expect(lines.join(' ').trim().split(/ +/)).toEqual(words);
      for (const line of lines) expect(line.length <= columns || !line.trim().includes(' ')).toBe(true);
    }
  });

  it('is as long as the terminal is wide, from 60 to 100, and whole where it is to be copied', () => {
    const words = 'word '.repeat(40).trim();
    const longest = (columns: number | undefined): number => {
      let text = '';
      openScreen({ isTTY: columns !== undefined, columns, write: (more) => (text += more) }).line(words);
      return Math.max(...text.split('\n').map(({ length }) => length));
    };
    expect([20, 80, 200, undefined].map(longest)).toEqual([59, 79, 99, 99]);
    expect(
      written(false, (screen) => {
        screen.whole(words);
      }),
    ).toBe(`${words}\n`);
  });
});

describe('a table', () => {
  it('has numbers to the right', () => {
    expect(
      table(
        ['name', 'value'],
        [
          ['errors', '0'],
          ['rows', '1,200'],
        ],
      ),
    ).toEqual(['name    value', 'errors      0', 'rows    1,200']);
    expect(lineOf(['a', 'b'], columnWidths([['long', 'b'], ['a']]))).toBe('a     b');
  });
});

describe('words', () => {
  it('are short', () => {
    expect([percent(0.8134), day(Date.UTC(2001, 1, 28, 23)), span(12.4), span(1449)]).toEqual([
      ...['81.3 %', '02-28', '12 ms', '1.4 s'],
    ]);
    expect([quantile([5, 1, 3], 0.5), quantile([1, 2], 0.99), quantile([], 0.5)]).toEqual([3, 2, Number.NaN]);
  });
});
