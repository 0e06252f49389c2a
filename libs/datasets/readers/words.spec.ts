import { expect, it } from '@jest/globals';
import { wordOf, type Word } from './words.js';

const word = (text: string): Word | null => {
  const bytes = Buffer.from(`e${text}e`);
  return wordOf(bytes, 1, bytes.length - 1);
};

it.each<[Word, string[]]>([
  ['missing', ['', ' ', '\t', 'nan', 'NaN', 'NAN', 'null', 'Null', 'nULL', ' null ']],
  ['true', ['true', 'True', 'TRUE', ' true']],
  ['false', ['false', 'False', 'FALSE', 'false ']],
])('%s', (expected, texts) => {
  expect(texts.map(word)).toEqual(texts.map(() => expected));
});

it('no other text', () => {
  const texts = [
    'NA',
    'nul',
    'nulle',
    'nanny',
    'tRUE',
    'TRue',
    'truE',
    'tru',
    'trues',
    'fALSE',
    'FAlse',
    'f',
    'T',
    '1',
    'Ñan',
  ];
  expect(texts.map(word)).toEqual(texts.map(() => null));
});
